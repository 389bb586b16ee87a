package target

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// The bounds of the limits. A response of the "large" kind has 64 KiB of body and comes back inside a message/http,
// so a limit below twice that would fail every server.
const (
	leastBody, mostBody = 16 << 10, 1 << 30
	leastCase, mostCase = time.Second, 10 * time.Minute
	leastRun, mostRun   = time.Second, 24 * time.Hour
)

// What the contract names; of the transports this version speaks h1.
var (
	knownTransports = []string{"h1", "h2c", "h1+tls", "h2"}
	knownProfiles   = []string{"resume", "byterange", "upload-resource", "expect-range", "range-query", "tus", "rufh"}
	readbacks       = []string{"location", "content-location", "document", "result", "upload", "none"}
)

// document reads the root of the file.
func (r *reader) document(n *yaml.Node, c *Config) {
	r.mapping(n,
		key{"version", r.integer(&c.Version, checkVersion)},
		key{"target", r.str(&c.Target, checkTarget)},
		key{"about", r.about(&c.About)},
		key{"tls", r.tls(&c.TLS)},
		key{"transports", r.transports(&c.Transports)},
		key{"users", r.users(&c.Users)},
		key{"limits", r.limits(&c.Limits)},
		key{"restart", r.restart(&c.Restart)},
		key{"profiles", r.profiles(c)},
	)
}

func (r *reader) about(into *About) value {
	return func(n *yaml.Node) {
		r.mapping(n,
			key{"name", r.text(&into.Name)},
			key{"version", r.text(&into.Version)},
			key{"url", r.str(&into.URL, checkHome)},
		)
	}
}

func (r *reader) tls(into *TLS) value {
	return func(n *yaml.Node) {
		r.mapping(n,
			key{"ca", func(n *yaml.Node) {
				var name string
				if r.str(&name, notEmpty)(n); name == "" {
					return
				}
				name = resolveFile(r.dir, name)
				if r.check(n, checkCertificates(name)) {
					into.CA = name
				}
			}},
			key{"insecure", r.boolean(&into.Insecure)},
		)
	}
}

func (r *reader) transports(into *[]string) value {
	return func(n *yaml.Node) {
		r.list(n, func(_ int, item *yaml.Node) {
			var one string
			r.str(&one, checkTransport)(item)
			switch {
			case one == "":
			case slices.Contains(*into, one):
				r.errorf(item, "%s stands there twice", one)
			default:
				*into = append(*into, one)
			}
		})
	}
}

func (r *reader) users(into *[]User) value {
	return func(n *yaml.Node) {
		r.list(n, func(i int, item *yaml.Node) {
			u := User{Name: fmt.Sprintf("user%d", i+1)}
			before := len(r.errs)
			r.mapping(item,
				key{"name", r.text(&u.Name)},
				key{"headers", r.headers(&u.Headers)},
			)
			switch {
			case len(r.errs) > before:
			case i == 2:
				r.errorf(item, "a third user has no use: the first is used everywhere, the second turns on the privacy cases")
			case u.Headers == nil:
				r.errorf(item, "has no headers: a user is told apart by them (headers: {Authorization: \"Bearer ...\"})")
			case slices.ContainsFunc(*into, func(other User) bool { return other.Name == u.Name }):
				r.errorf(item, "a user %q stands there already", short(u.Name))
			}
			*into = append(*into, u)
		})
	}
}

func (r *reader) limits(into *Limits) value {
	return func(n *yaml.Node) {
		r.mapping(n,
			key{"body", r.size(&into.Body, leastBody, mostBody)},
			key{"case", r.duration(&into.Case, leastCase, mostCase)},
			key{"run", r.duration(&into.Run, leastRun, mostRun)},
		)
		if into.Run > 0 && into.Case > into.Run {
			r.errorf(n, "case %v is longer than run %v", into.Case, into.Run)
		}
	}
}

func (r *reader) restart(into **Restart) value {
	return func(n *yaml.Node) {
		var given Restart
		if !r.mapping(n,
			key{"stop", r.words(&given.Stop)},
			key{"start", r.words(&given.Start)},
			key{"ready", r.str(&given.Ready, checkPath)},
		) {
			return
		}
		if len(given.Stop) == 0 || len(given.Start) == 0 {
			r.errorf(n, "wants both commands, stop and start")
			return
		}
		*into = &given
	}
}

func (r *reader) profiles(c *Config) value {
	return func(n *yaml.Node) {
		r.pairs(n, func(name, v *yaml.Node) {
			if !slices.Contains(knownProfiles, name.Value) {
				r.bare(name, fmt.Sprintf("unknown profile %q%s", short(name.Value), meant(name.Value, knownProfiles)))
				return
			}
			var given Profile
			r.profile(name.Value, v, &given)
			if c.given == nil {
				c.given = map[string]Profile{}
			}
			c.given[name.Value] = given
		})
	}
}

// brief are the profiles whose uploads are told by their path alone, as a key of its own: their requests are the
// protocol's.
var brief = []string{"tus"}

// expire are the profiles whose unfinished uploads expire, and say when.
var expire = []string{"tus"}

func (r *reader) profile(name string, n *yaml.Node, into *Profile) {
	keys := []key{
		{"upload", r.request(&into.Upload)},
		{"patch", r.str(&into.Patch, checkMediaType)},
		{"readback", r.readback(&into.Readback)},
		{"count", r.count(&into.Count)},
		{"large", r.variant(&into.Large)},
		{"slow", r.variant(&into.Slow)},
		{"failing", func(n *yaml.Node) {
			r.list(n, func(_ int, item *yaml.Node) {
				var one Request
				r.request(&one)(item)
				into.Failing = append(into.Failing, one)
			})
		}},
	}
	var path string
	if slices.Contains(brief, name) {
		keys = append(keys, key{"path", r.str(&path, checkPath)})
	}
	if slices.Contains(expire, name) {
		keys = append(keys, key{"expiring", r.variant(&into.Expiring)})
	}
	if known := versioned[name]; len(known) > 0 {
		keys = append(keys, key{"limited", r.variant(&into.Limited)}, key{"interop", r.interop(known, &into.Interop)})
	}
	r.mapping(n, keys...)
	switch {
	case path == "":
	case into.Upload.Path != "":
		r.errorf(n, "has a path twice, as path and as upload.path")
	default:
		into.Upload.Path = path
	}
}

// interop reads the versions of a protocol that are to be spoken.
func (r *reader) interop(known []string, into *[]string) value {
	return func(n *yaml.Node) {
		r.list(n, func(_ int, item *yaml.Node) {
			switch {
			case item.Kind != yaml.ScalarNode || !slices.Contains(known, item.Value):
				r.errorf(item, "wants a version to speak (%s), not %s", strings.Join(known, ", "), kind(item))
			case slices.Contains(*into, item.Value):
				r.errorf(item, "%s stands there twice", item.Value)
			default:
				*into = append(*into, item.Value)
			}
		})
	}
}

func (r *reader) request(into *Request) value {
	return func(n *yaml.Node) {
		r.mapping(n,
			key{"method", r.str(&into.Method, checkMethod)},
			key{"path", r.str(&into.Path, checkPath)},
			key{"headers", r.headers(&into.Headers)},
		)
	}
}

// variant reads an upload of a special kind, which the target need not have.
func (r *reader) variant(into **Request) value {
	return func(n *yaml.Node) {
		given := &Request{}
		r.request(given)(n)
		*into = given
	}
}

func (r *reader) readback(into *Readback) value {
	return func(n *yaml.Node) {
		if n.Kind != yaml.MappingNode {
			r.str(&into.From, checkReadback)(n)
			return
		}
		before := len(r.errs)
		if !r.mapping(n, key{"path", r.str(&into.Path, checkPath)}, key{"file", r.str(&into.File, checkFile)}) || len(r.errs) > before {
			return
		}
		switch {
		case into.Path != "" && into.File == "":
			into.From = "path"
		case into.File != "" && into.Path == "":
			into.From, into.File = "file", resolveFile(r.dir, into.File)
		default:
			r.errorf(n, "wants a path ({path: \"/items/{id}\"}) or a file ({file: \"data/{id}\"})")
		}
	}
}

func (r *reader) count(into **Count) value {
	return func(n *yaml.Node) {
		given := &Count{}
		if !r.mapping(n,
			key{"path", r.str(&given.Path, checkPath)},
			key{"pointer", r.str(&given.Pointer, checkPointer)},
		) {
			return
		}
		if given.Path == "" {
			r.errorf(n, "wants the path at which the number is read")
			return
		}
		*into = given
	}
}

func checkVersion(v int) error {
	if v != 1 {
		return fmt.Errorf("unsupported version %d (this resumespec reads version 1)", v)
	}
	return nil
}

func checkTransport(name string) error {
	switch {
	case name == "h1":
		return nil
	case slices.Contains(knownTransports, name):
		return fmt.Errorf("%s is not in this version, which speaks h1 only", name)
	}
	return fmt.Errorf("unknown transport %q%s", short(name), meant(name, knownTransports))
}

func checkReadback(from string) error {
	if slices.Contains(readbacks, from) {
		return nil
	}
	return fmt.Errorf("unknown readback %q%s; {path: \"/items/{id}\"} names a place of your own",
		short(from), meant(from, readbacks))
}

func notEmpty(s string) error {
	if s == "" {
		return errors.New("is empty")
	}
	return nil
}
