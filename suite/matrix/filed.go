package matrix

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"strings"
	"syscall"

	"github.com/resumespec/resumespec/suite/exchange"
)

// UploadHandle is the name under which a driver keeps the URI of the upload's own resource, where its protocol has one:
// a server that stores uploads in files names these by it.
const UploadHandle = "upload"

// filed reads the stored bytes of an upload from a file of this machine, and says whether it is not there. The server
// chooses a part of the name, so the file is looked for in the folder of the configuration and nowhere else, wherever
// links lead. The case ends as unsupported where there is no such folder: that is no fault of the server.
func (s *Session) filed(w Witness, op *Operation, outcome *Outcome) (stored []byte, missing bool, err error) {
	id, err := fileID(op, outcome)
	if err != nil {
		return nil, false, err
	}
	folder, name := w.Readback.Named(id, op.Tag)
	root, err := os.OpenRoot(folder)
	if err != nil {
		s.Unsupported("the folder of readback.file cannot be read: %v", err)
	}
	defer func() { _ = root.Close() }() // nothing was written
	stored, err = readRegular(root, name, s.bench.Limits.Body)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, true, fmt.Errorf("there is no file %s in %s", name, folder)
	}
	if err != nil {
		return nil, false, fmt.Errorf("read the file %s in %s: %w", name, folder, err)
	}
	return stored, false, nil
}

// fileID gives the last path segment of the URI of the upload's resource; where the driver knows none, that of the
// Location of the final response.
func fileID(op *Operation, outcome *Outcome) (string, error) {
	u := op.Handle(UploadHandle)
	if u == nil {
		u = op.Resource
	}
	if u == nil && outcome != nil && outcome.Response != nil {
		if location := outcome.Response.Fields.Get("Location"); location != "" {
			u, _ = exchange.Resolve(op.URL.String(), location) // nil where it is no URI
		}
	}
	if u == nil {
		return "", fmt.Errorf("%w: the server named no upload resource, after which the file is called (readback: file)", errNoReadback)
	}
	place := strings.TrimRight(u.EscapedPath(), "/")
	id, err := url.PathUnescape(place[strings.LastIndex(place, "/")+1:])
	if err != nil || id == "" || id == "." || id == ".." || strings.ContainsAny(id, "/\\\x00") {
		return "", fmt.Errorf("the URI of the upload, %s, ends in no name of a file", u.EscapedPath())
	}
	return id, nil
}

// readRegular reads a file that is one, of at most so many bytes (0: of any length): a pipe would keep the case waiting.
func readRegular(root *os.Root, name string, most int64) ([]byte, error) {
	file, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // nothing was written
	info, err := file.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errors.New("it is no regular file")
	case most > 0 && info.Size() > most:
		return nil, fmt.Errorf("it has %d bytes, more than the %d that are looked at", info.Size(), most)
	case most == 0:
		most = info.Size()
	}
	return io.ReadAll(io.LimitReader(file, most))
}
