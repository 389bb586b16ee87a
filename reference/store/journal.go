package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"os"
	"strconv"
	"time"
)

// Record is what is known of an operation from its head; it never changes. It is the first entry of
// the operation's journal.
type Record struct {
	ID              string    `json:"id"`      // the name of its files, never told to a client
	RequestContent  string    `json:"request"` // the identifiers in the three URIs, independent of each other
	ResponseMessage string    `json:"message"`
	ResponseContent string    `json:"content"`
	Item            string    `json:"item"` // the item it will make: decided beforehand, so the effect is idempotent
	Owner           string    `json:"owner,omitempty"`
	Key             string    `json:"key,omitempty"`    // Idempotency-Key
	Target          string    `json:"target,omitempty"` // request target, to tell a reused key
	Resume          bool      `json:"resume,omitempty"` // Prefer: resume, in either form
	Save            bool      `json:"save,omitempty"`   // keep the incomplete body
	Length          int64     `json:"length"`           // complete length in bytes, -1 while unknown
	Job             Job       `json:"job"`
	Created         time.Time `json:"created"`

	// Upload operations have a request of their own that began them: nothing is complete before the first
	// write, not even where the length is 0. Sparse ones take what is written in any order and from several
	// writers at once.
	Upload bool `json:"upload,omitempty"`
	Sparse bool `json:"sparse,omitempty"`

	// Protocol names the protocol that the operation belongs to, where it is one that is counted and found apart.
	Protocol string `json:"protocol,omitempty"`

	Notes   map[string]string `json:"notes,omitempty"`   // what the client said of it, to be told again
	Keep    time.Duration     `json:"keep,omitempty"`    // how long it is kept while it is incomplete; 0: as long as the others
	Lasting bool              `json:"lasting,omitempty"` // with its effect it is kept as long as the item
	// Partial operations are what others are put together from. They have no effect of their own, and are Receiving for
	// all their life.
	Partial bool     `json:"partial,omitempty"`
	Parts   []string `json:"parts,omitempty"` // the request contents, in order, that the body is put together from
	// Explicit operations are complete when a request says so, not when all bytes of a known length are there.
	Explicit bool `json:"explicit,omitempty"`

	// Transient operations have no URI and no key: nobody can come back to them, so they have no journal.
	Transient bool `json:"-"`
}

// Job is what shall be made of the body when it is complete.
type Job struct {
	Tag         string        `json:"tag,omitempty"`
	ContentType string        `json:"type,omitempty"`
	Respond     int64         `json:"respond,omitempty"` // bytes of response body, 0: as long as needed
	Delay       time.Duration `json:"delay,omitempty"`
	Fail        int           `json:"fail,omitempty"`  // status of an error instead of an effect
	Least       int64         `json:"least,omitempty"` // bytes of one append, beside the limits of all uploads

	Coding string `json:"coding,omitempty"` // Content-Encoding of the body, which is kept as it comes
	Name   string `json:"name,omitempty"`   // file name
	Digest string `json:"digest,omitempty"` // Repr-Digest that the body must have
	Want   string `json:"want,omitempty"`   // Want-Repr-Digest
}

// Response is a final response: enough to send it again and again, the same each time.
type Response struct {
	Status int                 `json:"status"`
	Header map[string][]string `json:"header"`
	Body   []byte              `json:"body"`
	Pad    int64               `json:"pad,omitempty"`  // bytes of padding that follow Body
	Seed   string              `json:"seed,omitempty"` // what the padding is made from
	Tail   []byte              `json:"tail,omitempty"` // what follows the padding
}

// entry is one line of a journal; exactly one field is set.
type entry struct {
	Record   *Record   `json:"record,omitempty"`
	Length   *int64    `json:"length,omitempty"` // the complete length, when it became known later
	Response *Response `json:"response,omitempty"`
	Kept     Extents   `json:"kept,omitempty"`     // only in the file of extents of a sparse operation
	Complete bool      `json:"complete,omitempty"` // of an explicit operation: a request has said so
}

func (s *Store) appendEntry(id string, e entry, durable bool) error {
	return appendLines(s.path(dirOperations, id), durable && s.opts.Sync, e)
}

// linesOf makes each entry a line: checksum, space, JSON, newline. A torn line fails its checksum, so that a kill in
// the middle of a write leaves the state from before.
func linesOf[E any](entries ...E) (lines []byte, err error) {
	for _, e := range entries {
		data, err := json.Marshal(e)
		if err != nil {
			return nil, err
		}
		lines = fmt.Appendf(lines, "%08x %s\n", crc32.ChecksumIEEE(data), data)
	}
	return lines, nil
}

// appendLines adds entries to a journal in one write.
func appendLines[E any](path string, durable bool, entries ...E) error {
	lines, err := linesOf(entries...)
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	_, err = f.Write(lines)
	if err == nil && durable {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}

// readJournal reads a journal up to its end or its first torn line. A torn line is cut off, so that the next one
// does not follow half a line.
func readJournal[E any](path string) ([]E, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	entries, sound := readLines[E](data)
	if sound < len(data) {
		err = os.Truncate(path, int64(sound))
	}
	return entries, err
}

// readLines parses a journal up to its end or its first torn line, and says how long the sound part is.
func readLines[E any](data []byte) (entries []E, sound int) {
	for {
		end := bytes.IndexByte(data[sound:], '\n')
		if end < 0 {
			return entries, sound
		}
		e, ok := readLine[E](data[sound : sound+end])
		if !ok {
			return entries, sound
		}
		entries = append(entries, e)
		sound += end + 1
	}
}

func readLine[E any](line []byte) (e E, ok bool) {
	if len(line) < 10 || line[8] != ' ' {
		return e, false
	}
	sum, err := strconv.ParseUint(string(line[:8]), 16, 32)
	if err != nil || sum != uint64(crc32.ChecksumIEEE(line[9:])) {
		return e, false
	}
	err = json.Unmarshal(line[9:], &e)
	return e, err == nil
}
