//go:build unix

package reference

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// benchBytes is the size of the file that is uploaded: RESUMESPEC_BENCH_BYTES, or 4 GiB.
func benchBytes(b *testing.B) int64 {
	v := os.Getenv("RESUMESPEC_BENCH_BYTES")
	if v == "" {
		return 4 << 30
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || n <= 0 {
		b.Fatalf("RESUMESPEC_BENCH_BYTES=%q: want a number of bytes", v)
	}
	return n
}

// benchRounds is how often both servers take their turn; the median of the ratios counts.
const benchRounds = 3

// BenchmarkUpload uploads one large file to the server, in a process of its own and with fsync, and to nginx
// (DAV PUT, which calls no fsync), turn by turn. x-nginx is the rate in units of nginx's rate, MiB-peak
// the largest resident memory of the server process.
func BenchmarkUpload(b *testing.B) {
	size := benchBytes(b)
	dir := b.TempDir()
	nginx := startNginx(b, filepath.Join(dir, "nginx"))
	c := startChild(b, filepath.Join(dir, "reference"))
	b.Cleanup(c.kill)
	piece := content(1 << 20)
	for b.Loop() {
		var ratios, ours, theirs []float64
		for range benchRounds {
			mbs, _ := rate(b, nginx, "PUT", "/file", size, piece)
			theirs = append(theirs, mbs)
			remove(b, nginx, "/file")
			mbs, made := rate(b, c.addr, "POST", "/items?tag=bench", size, piece)
			ours = append(ours, mbs)
			remove(b, c.addr, made.Get("Location"))
			remove(b, c.addr, made.Get(fieldResponseMessage))
			ratios = append(ratios, ours[len(ours)-1]/theirs[len(theirs)-1])
		}
		b.ReportMetric(median(ratios), "x-nginx")
		b.ReportMetric(median(ours), "MB/s")
		b.ReportMetric(median(theirs), "nginx-MB/s")
	}
	b.ReportMetric(peakMiB(b, c.cmd.Process.Pid), "MiB-peak")
}

// BenchmarkSmall is a small upload with Prefer: resume and its clean-up, with fsync.
func BenchmarkSmall(b *testing.B) {
	for _, o := range []struct {
		name string
		Durability
	}{{"sync", DurabilityAlways}, {"nosync", DurabilityNever}} {
		b.Run(o.name, func(b *testing.B) {
			s, url, err := Listen("127.0.0.1:0", Options{Data: b.TempDir(), Durability: o.Durability})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			client := &http.Client{Transport: &http.Transport{}}
			defer client.CloseIdleConnections()
			for b.Loop() {
				req, _ := http.NewRequest("POST", url+"/items?tag=b", strings.NewReader("hello"))
				req.Header.Set("Prefer", "resume")
				resp, err := client.Do(req)
				if err != nil || resp.StatusCode != 201 {
					b.Fatal(resp, err)
				}
				resp.Body.Close()
			}
		})
	}
}

// rate uploads size bytes and returns the rate in MB/s and the fields of the final response. What was written before is on the disk when it
// begins, so that no server pays for another.
func rate(b *testing.B, addr, method, path string, size int64, piece []byte) (float64, http.Header) {
	b.Helper()
	unix.Sync()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	start := time.Now()
	fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: x\r\nPrefer: resume\r\nContent-Length: %d\r\nConnection: close\r\n\r\n", method, path, size)
	for left := size; left > 0; {
		n, err := conn.Write(piece[:min(left, int64(len(piece)))])
		if err != nil {
			b.Fatal(err)
		}
		left -= int64(n)
	}
	r := bufio.NewReader(conn)
	for {
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			b.Fatal(err)
		}
		if resp.StatusCode >= 300 {
			b.Fatalf("%s %s: %s", method, path, resp.Status)
		}
		if resp.StatusCode >= 200 {
			return float64(size) / 1e6 / time.Since(start).Seconds(), resp.Header
		}
	}
}

func remove(b *testing.B, addr, path string) {
	b.Helper()
	req, err := http.NewRequest("DELETE", "http://"+addr+path, nil)
	if err != nil {
		b.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusNoContent {
		b.Fatalf("DELETE %s: %s", path, resp.Status)
	}
}

func median(v []float64) float64 {
	v = slices.Clone(v)
	slices.Sort(v)
	return v[len(v)/2]
}

const nginxConf = `
daemon off; pid %[1]s/pid; error_log %[1]s/error.log; worker_processes 2;
events {}
http {
  access_log off; client_max_body_size 0; client_body_temp_path %[1]s/tmp;
  fastcgi_temp_path %[1]s/f; uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s; proxy_temp_path %[1]s/p;
  server { listen %[2]s; root %[1]s/root; dav_methods PUT DELETE; }
}
`

// startNginx starts nginx with DAV in a folder of its own and returns its address.
func startNginx(b *testing.B, dir string) string {
	b.Helper()
	exe, err := exec.LookPath("nginx")
	if err != nil {
		exe = "/usr/sbin/nginx"
	}
	if _, err := os.Stat(exe); err != nil {
		b.Fatal("nginx is missing; install it (Debian: apt-get install nginx)")
	}
	if err := os.MkdirAll(filepath.Join(dir, "root"), 0o777); err != nil {
		b.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	addr := ln.Addr().String()
	ln.Close()
	conf := filepath.Join(dir, "nginx.conf")
	user := ""
	if os.Getuid() == 0 {
		user = "user root;"
	}
	if err := os.WriteFile(conf, []byte(user+fmt.Sprintf(nginxConf, dir, addr)), 0o600); err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(exe, "-p", dir, "-c", conf)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { cmd.Process.Signal(unix.SIGTERM); cmd.Wait() })
	for deadline := time.Now().Add(10 * time.Second); ; {
		if c, err := net.Dial("tcp", addr); err == nil {
			c.Close()
			return addr
		}
		if time.Now().After(deadline) {
			b.Fatal("nginx does not listen on " + addr)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
