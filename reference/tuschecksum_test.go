package reference

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"path/filepath"
	"strings"
	"testing"
)

func TestTusChecksum(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	data := content(700_000) // more than one buffer
	s1, s256, m5 := sha1.Sum(data), sha256.Sum256(data), md5.Sum(data)
	for _, sum := range []string{"sha1 " + sum64(s1[:]), "sha256 " + sum64(s256[:]), "md5 " + sum64(m5[:])} {
		uri := f.create("tag=sum", len(data))
		bad := bytes.Clone(data)
		bad[len(bad)-1]++
		f.want(f.append(uri, 0, bad, "Upload-Checksum: "+sum), 460)
		f.at(uri, 0)
		f.has(uri, nil)
		f.appended(uri, 0, data, "Upload-Checksum: "+sum)
		f.has(uri, data)
	}
	f.tusCount("sum", 3)
	uri := f.create("", 10)
	for _, bad := range []string{"sha1", "sha1 ", "sha1  " + sum64(s1[:]), "SHA1 " + sum64(s1[:]), sum64(s1[:]), "sha1 " + sum64(m5[:]), "sha1 " + strings.TrimRight(sum64(s1[:]), "="), "none x"} {
		f.want(f.append(uri, 0, []byte("hello"), "Upload-Checksum: "+bad), 400)
	}
	f.want(f.append(uri, 0, []byte("hello"), "Upload-Checksum: "+sha1Of([]byte("hello")), "Upload-Checksum: "+sha1Of([]byte("hello"))), 400)
	f.want(f.append(uri, 0, nil, "Upload-Checksum: "+sha1Of([]byte("x"))), 460)
	f.appended(uri, 0, nil, "Upload-Checksum: "+sha1Of(nil))
	f.want(f.append(uri, 0, []byte("hello"), "Upload-Length: 5", "Upload-Checksum: "+sha1Of([]byte("x"))), 400)
	w := f.openTus(uri, 0, 10, "Upload-Checksum: "+sha1Of([]byte("helloworld")))
	w.send("hello")
	f.at(uri, 0) // nothing that is not verified shows
	w.Close()
	f.at(uri, 0)
	f.appended(uri, 0, []byte("helloworld"), "Upload-Checksum: "+sha1Of([]byte("helloworld")))
	f.want(f.append(uri, 10, nil, "Upload-Checksum: "+sha1Of([]byte("x"))), 460)
	uri = f.create("", -1)
	f.want(f.append(uri, 0, []byte("hello"), "Upload-Length: 5", "Upload-Checksum: "+sha1Of([]byte("x"))), 460)
	if a := f.at(uri, 0); a.header.Get("Upload-Length") != "" {
		t.Error("a chunk that was discarded has set the length")
	}
	if names, err := filepath.Glob(f.s.Data() + "/documents/*"); err != nil || len(names) > 0 {
		t.Error(names, err)
	}
}

func TestTusChecksumTrailer(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	uri := f.create("tag=trail", 15)
	offset := 0
	for _, c := range []struct {
		announced bool
		trailer   string
		status    int
	}{
		{true, "Upload-Checksum: " + sha1Of([]byte("other")), 460},
		{true, "", 400},
		{true, "Upload-Checksum: sha1", 400},
		{true, "Upload-Checksum: x y", 400},
		{true, "Upload-Checksum: " + sha1Of([]byte("hello")) + "\r\nUpload-Checksum: " + sha1Of([]byte("hello")), 400},
		{false, "Upload-Checksum: " + sha1Of([]byte("other")), 460},
		{false, "Upload-Checksum: x y", 400},
		{true, "Upload-Checksum: " + sha1Of([]byte("hello")), 204},
		{false, "upload-checksum: " + sha1Of([]byte("hello")), 204},
		{false, "Other: x", 204},
	} {
		header := []string{}
		if c.announced {
			header = append(header, "Trailer: Upload-Checksum")
		}
		w := f.openTus(uri, offset, -1, header...)
		end := "\r\n"
		if c.trailer != "" {
			end = c.trailer + "\r\n\r\n"
		}
		w.send("2\r\nhe\r\n3\r\nllo\r\n0\r\n" + end)
		a := f.want(w.head(), c.status)
		if a.status == 204 {
			offset += 5
		}
		f.at(uri, offset)
	}
	f.has(uri, []byte("hellohellohello"))
	f.tusCount("trail", 1)
	uri = f.create("", 15)
	w := f.dial()
	w.send("PATCH " + uri + " HTTP/1.1\r\nHost: x\r\n" + resumable + "\r\n" + offsetType + "\r\nUpload-Offset: 0\r\nTrailer: Upload-Checksum\r\nUpload-Checksum: " + sha1Of([]byte("hello")) + "\r\nTransfer-Encoding: chunked\r\n\r\n")
	f.want(w.head(), 400)
	w = f.openTus(uri, 0, -1, "X-HTTP-Method-Override: PATCH")
	w.send("5\r\nhello\r\n0\r\nUpload-Checksum: " + sha1Of([]byte("other")) + "\r\n\r\n")
	f.want(w.head(), 460)
	f.at(uri, 0)
}
