package faults

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2/client"
)

// external is the injector that drives a toxiproxy-server over its HTTP API, with stock toxics and
// a proxy for each link.
type external struct {
	api     *toxiproxy.Client
	base    *url.URL
	target  string
	listen  string       // where the server's proxies listen
	http    *http.Client // for what the client package has no call
	metrics bool         // the server counts what its proxies sent

	mu     sync.Mutex
	live   map[*gate]struct{}
	free   []slot
	closed bool
	wg     sync.WaitGroup // links that have not ended
}

// A slot is a proxy's name and address, taken again when its link has ended: the server's metrics
// keep a line for each of them for ever, and get slower with every line.
type slot struct {
	name   string
	listen string
	sent   int64 // bytes that the metric says were sent to the target before
}

// lastExternalProxy numbers the proxies of this process, whose id makes their names unique.
var lastExternalProxy atomic.Int64

// External makes an injector that cuts connections to the target (host:port, as the server sees it)
// with the toxiproxy-server whose API is at apiURL. It fails when the API does not answer.
//
// It cuts in the request only, and in its body only where a Content-Length tells the wire bytes
// beforehand: see Supports. The server gets exactly the planned bytes; but Toxiproxy closes its
// sockets whole, so that a server which is writing at the moment of a fin may see an RST after them.
// A stall, and the silence after a cut, are made by the client's end. When
// the server runs with -proxy-metrics, its own count of the bytes it sent must confirm every cut.
func External(ctx context.Context, apiURL, target string) (Injector, error) {
	if !strings.Contains(apiURL, "://") {
		apiURL = "http://" + apiURL
	}
	base, err := url.Parse(strings.TrimRight(apiURL, "/"))
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return nil, fmt.Errorf("toxiproxy API %q: not an http URL such as http://127.0.0.1:8474", apiURL)
	}
	if _, _, err := net.SplitHostPort(target); err != nil {
		return nil, fmt.Errorf("target %q: %w", target, err)
	}
	x := &external{
		api: toxiproxy.NewClient(base.String()), base: base, target: target, listen: "0.0.0.0:0",
		http: &http.Client{Timeout: dialTimeout}, live: make(map[*gate]struct{}),
	}
	if ip := net.ParseIP(base.Hostname()); base.Hostname() == "localhost" || ip != nil && ip.IsLoopback() {
		x.listen = "127.0.0.1:0"
	}
	status, _, err := x.get(ctx, "/version")
	if err != nil {
		return nil, apiError(base, err)
	}
	if status != http.StatusOK {
		return nil, fmt.Errorf("toxiproxy API %s: GET /version gave status %d (is it a toxiproxy-server?)", base, status)
	}
	status, _, err = x.get(ctx, "/metrics")
	x.metrics = err == nil && status == http.StatusOK
	return x, nil
}

func apiError(base *url.URL, err error) error {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		err = errno
	}
	return fmt.Errorf("reach the toxiproxy API at %s: %w (is toxiproxy-server running?)", base, err)
}

// get fetches at most 16 MiB from the API.
func (x *external) get(ctx context.Context, path string) (status int, body []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, x.base.String()+path, nil)
	if err != nil {
		return 0, nil, err
	}
	resp, err := x.http.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(io.LimitReader(resp.Body, 16<<20))
	return resp.StatusCode, body, err
}

// Supports tells whether stock toxics can make the cut exactly.
func (x *external) Supports(cut Cut) error {
	if err := cut.check(); err != nil {
		return err
	}
	var why string
	switch {
	case cut.IsZero():
		return nil
	case cut.Side != "" && cut.Side != Both:
		why = "stock toxics show a cut to both sides"
	case cut.Place == Continue:
		why = "stock toxics can't tell a 100 from other interim responses"
	case cut.Place == ResponseHead, cut.Place == ResponseBody:
		why = "stock toxics count bytes, and the length of response heads varies"
	case cut.Chunked && (cut.Place == RequestBody || cut.Place == RequestEnd):
		why = "stock toxics count bytes, and the length of a chunked body is not known beforehand"
	case cut.Place == RequestBody && cut.Offset == 0 && !cut.FromEnd && cut.Fault != Stall:
		why = "stock toxics can't wait for the first byte of the body"
	default:
		return nil
	}
	return fmt.Errorf("an external toxiproxy-server can't make the cut %q: %s (the embedded one can)", cut, why)
}

// Open makes a proxy for one link and connects to it.
func (x *external) Open(ctx context.Context, cut Cut) (*Link, error) {
	if err := x.Supports(cut); err != nil {
		return nil, err
	}
	x.mu.Lock()
	if x.closed {
		x.mu.Unlock()
		return nil, errInjectorClosed
	}
	x.wg.Add(1)
	x.mu.Unlock()
	type result struct {
		link *Link
		err  error
	}
	made := make(chan result, 1)
	go func() { // the API client knows no context
		link, err := x.open(ctx, cut)
		if err != nil {
			x.wg.Done()
		}
		made <- result{link, err}
	}()
	select {
	case r := <-made:
		return r.link, r.err
	case <-ctx.Done():
		go func() {
			if r := <-made; r.link != nil {
				r.link.Close()
			}
		}()
		return nil, fmt.Errorf("open a link through %s: %w", x.base, ctx.Err())
	}
}

func (x *external) open(ctx context.Context, cut Cut) (*Link, error) {
	proxy, place, err := x.create()
	if err != nil {
		return nil, err
	}
	if cut.Fault == RST { // never acts, but makes every connection of the proxy close with an RST
		_, err = proxy.AddToxic("reset", "reset_peer", "upstream", 0, toxiproxy.Attributes{"timeout": 0})
	}
	var conn net.Conn
	if err == nil {
		_, port, _ := net.SplitHostPort(proxy.Listen)
		conn, err = (&net.Dialer{KeepAlive: -1}).DialContext(ctx, "tcp", net.JoinHostPort(x.base.Hostname(), port))
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open a link through the proxy %s at %s: %w", place.name, x.base, err), proxy.Delete())
	}
	g := newGate(x, proxy, place, conn.(*net.TCPConn), cut)
	x.mu.Lock()
	x.live[g] = struct{}{}
	closed := x.closed
	x.mu.Unlock()
	if closed {
		g.kill()
	}
	return &Link{Conn: g, impl: g}, nil
}

// create makes a proxy, in a free slot if there is one.
func (x *external) create() (*toxiproxy.Proxy, slot, error) {
	x.mu.Lock()
	var place slot
	if n := len(x.free); n > 0 {
		place, x.free = x.free[n-1], x.free[:n-1]
	}
	x.mu.Unlock()
	if place.name != "" {
		if proxy, err := x.api.CreateProxy(place.name, place.listen, x.target); err == nil {
			return proxy, place, nil
		}
	}
	name := fmt.Sprintf("resumespec-%d-%d", os.Getpid(), lastExternalProxy.Add(1))
	proxy, err := x.api.CreateProxy(name, x.listen, x.target)
	if err != nil {
		return nil, slot{}, fmt.Errorf("create the proxy %s at %s: %w", name, x.base, err)
	}
	return proxy, slot{name: name, listen: proxy.Listen}, nil
}

// leave runs when a link has ended: its proxy goes. reusable says that nothing more will be counted
// in its slot.
func (x *external) leave(g *gate, reusable bool) {
	err := g.proxy.Delete() // when the API is gone, so is the proxy
	x.mu.Lock()
	delete(x.live, g)
	if err == nil && reusable {
		x.free = append(x.free, g.place)
	}
	x.mu.Unlock()
	x.wg.Done()
}

// Close ends every link and removes their proxies. It returns within 3 seconds.
func (x *external) Close() error {
	x.mu.Lock()
	x.closed = true
	var live []*gate
	for g := range x.live {
		live = append(live, g)
	}
	x.mu.Unlock()
	for _, g := range live {
		g.kill()
	}
	idle := make(chan struct{})
	go func() { x.wg.Wait(); close(idle) }()
	watchdog := time.NewTimer(closeTimeout)
	defer watchdog.Stop()
	select {
	case <-idle:
	case <-watchdog.C:
		return fmt.Errorf("remove the proxies at %s: the API did not answer within %s", x.base, closeTimeout)
	}
	http.DefaultClient.CloseIdleConnections() // the API client uses the default transport
	return nil
}

// sentBytes asks how many bytes a proxy has sent to the target; -1 when the server does not say.
func (x *external) sentBytes(name string) int64 {
	if !x.metrics {
		return -1
	}
	ctx, cancel := context.WithTimeout(context.Background(), dialTimeout)
	defer cancel()
	_, body, err := x.get(ctx, "/metrics")
	if err != nil {
		return -1
	}
	lines := bufio.NewScanner(strings.NewReader(string(body)))
	for lines.Scan() {
		metric, value, _ := strings.Cut(lines.Text(), "} ")
		if strings.HasPrefix(metric, "toxiproxy_proxy_sent_bytes_total{") &&
			strings.Contains(metric, `direction="upstream"`) && strings.Contains(metric, fmt.Sprintf("proxy=%q", name)) {
			if n, err := strconv.ParseFloat(value, 64); err == nil {
				return int64(n)
			}
		}
	}
	return -1
}
