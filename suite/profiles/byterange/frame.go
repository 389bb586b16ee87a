package byterange

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// The three media types of a patch.
const (
	messageType     = "message/byterange"
	multipartType   = "multipart/byteranges"
	applicationType = "application/byteranges"
)

// mediaTypes lists them in the order in which the suite likes to write them.
var mediaTypes = []string{messageType, applicationType, multipartType}

// part is one part of a patch: its fields and its body, lawful or not.
type part struct {
	fields exchange.Fields
	body   []byte
}

// ranged gives a part with a Content-Range of bytes first and on, and a Content-Length. The complete length stands as it
// is given: a number, or "*".
func ranged(first int64, data []byte, complete string) part {
	last := first + int64(len(data)) - 1
	return part{body: data}.with("Content-Range", fmt.Sprintf("bytes %d-%d/%s", first, last, complete)).measured()
}

// sized gives the part that only names the complete length.
func sized(complete int64) part {
	return part{}.with("Content-Range", "bytes */"+matrix.Itoa(complete)).measured()
}

// offset gives a part with a Content-Offset as it stands, and no length.
func offset(value string, data []byte) part {
	return part{body: data}.with("Content-Offset", value)
}

// with gives the part with one field more.
func (p part) with(name, value string) part {
	p.fields = p.fields.With(name, value)
	return p
}

// measured gives the part with a Content-Length that tells the truth.
func (p part) measured() part { return p.with("Content-Length", strconv.Itoa(len(p.body))) }

// frame is a patch document.
type frame struct {
	contentType string
	body        []byte
	at          []int64 // where in it the body of each part begins
}

// framed gives the patch document of a media type in its plainest form. Message/byterange has room for one part.
func framed(media string, parts ...part) frame {
	switch media {
	case multipartType:
		return multipart(boundary, parts...)
	case applicationType:
		return application(binaryStyle{}, parts...)
	}
	return message(parts[0])
}

// message gives a message/byterange document.
func message(p part) frame {
	var b bytes.Buffer
	writeFields(&b, p.fields)
	at := int64(b.Len())
	b.Write(p.body)
	return frame{messageType, b.Bytes(), []int64{at}}
}

func writeFields(b *bytes.Buffer, fields exchange.Fields) {
	for _, f := range fields {
		b.WriteString(f.Name + ": " + f.Value + "\r\n")
	}
	b.WriteString("\r\n")
}

// boundary is what separates parts where a case needs no other.
const boundary = "resumespec-part"

// multipart gives a multipart/byteranges document (RFC 2046, 5.1.1).
func multipart(boundary string, parts ...part) frame {
	f := frame{contentType: multipartType + "; boundary=" + boundary}
	var b bytes.Buffer
	for i, p := range parts {
		if i > 0 {
			b.WriteString("\r\n")
		}
		b.WriteString("--" + boundary + "\r\n")
		writeFields(&b, p.fields)
		f.at = append(f.at, int64(b.Len()))
		b.Write(p.body)
	}
	b.WriteString("\r\n--" + boundary + "--\r\n")
	f.body = b.Bytes()
	return f
}

// binaryStyle says how an application/byteranges document is written.
type binaryStyle struct {
	// open writes indeterminate-length messages, whose content comes in chunks.
	open bool
	// chunk is the length in bytes of such a chunk; 0: one for all.
	chunk int
	// width is the least length in bytes of an integer: 1, 2, 4 or 8; 0: as short as can be.
	width int
}

// The framing indicators of the draft.
const (
	knownLength         = 8
	indeterminateLength = 10
)

// application gives an application/byteranges document: one message for each part, as RFC 9292 frames them. Where
// content comes in chunks, the offset of a part is that of its first chunk.
func application(style binaryStyle, parts ...part) frame {
	f := frame{contentType: applicationType}
	for _, p := range parts {
		fields := style.fieldLines(p.fields)
		if style.open {
			f.body = style.integer(f.body, indeterminateLength)
			f.body = style.integer(append(f.body, fields...), 0)
		} else {
			f.body = style.integer(f.body, knownLength)
			f.body = append(style.integer(f.body, len(fields)), fields...)
		}
		f.body = style.content(f.body, p.body, &f.at)
	}
	return f
}

func (s binaryStyle) content(b, data []byte, at *[]int64) []byte {
	if !s.open {
		b = s.integer(b, len(data))
		*at = append(*at, int64(len(b)))
		return append(b, data...)
	}
	begun := false
	for len(data) > 0 {
		n := len(data)
		if s.chunk > 0 {
			n = min(n, s.chunk)
		}
		b = s.integer(b, n)
		if !begun {
			*at, begun = append(*at, int64(len(b))), true
		}
		b, data = append(b, data[:n]...), data[n:]
	}
	if !begun {
		*at = append(*at, int64(len(b)))
	}
	return s.integer(b, 0)
}

// fieldLines gives the field lines without what frames them. Names are in lower case, as in RFC 9292.
func (s binaryStyle) fieldLines(fields exchange.Fields) []byte {
	var b []byte
	for _, f := range fields {
		b = append(s.integer(b, len(f.Name)), strings.ToLower(f.Name)...)
		b = append(s.integer(b, len(f.Value)), f.Value...)
	}
	return b
}

// integer appends a variable-length integer (RFC 9000, 16) of the style's width, or of more where the number needs it. It
// need not be as short as it could be.
func (s binaryStyle) integer(b []byte, n int) []byte {
	v := uint64(n) // #nosec G115 -- lengths are not negative
	switch {
	case v < 1<<6 && s.width <= 1:
		return append(b, byte(v))
	case v < 1<<14 && s.width <= 2:
		return binary.BigEndian.AppendUint16(b, uint16(v)|1<<14) // #nosec G115 -- below 1<<14
	case v < 1<<30 && s.width <= 4:
		return binary.BigEndian.AppendUint32(b, uint32(v)|2<<30) // #nosec G115 -- below 1<<30
	}
	return binary.BigEndian.AppendUint64(b, v|3<<62)
}
