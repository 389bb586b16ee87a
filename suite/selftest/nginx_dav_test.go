package selftest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/resumespec/resumespec/reports"
	"github.com/resumespec/resumespec/suite"
	"github.com/resumespec/resumespec/suite/profiles/byterange"
	"github.com/resumespec/resumespec/suite/profiles/rufh"
	"github.com/resumespec/resumespec/suite/profiles/tus"
	"github.com/resumespec/resumespec/suite/profiles/uploadresource"
)

// davConf is nginx with its DAV module as it comes: a folder to which anybody may PUT.
const davConf = `
daemon off; master_process off; pid %[1]s/pid; error_log %[1]s/error.log;
events {}
http {
  access_log off; client_max_body_size 0; client_body_temp_path %[1]s/b; proxy_temp_path %[1]s/p;
  fastcgi_temp_path %[1]s/f; uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s;
  server { listen %[2]s; root %[1]s/root; dav_methods PUT DELETE; }
}
`

// davDefects are the requirements that nginx as Debian 12 has it (1.22) breaks. It looks at no expectation but 100-continue and,
// in a PUT, at no Range: a PUT with Expect: Range is answered 204, and the document is the part. (A PUT with Content-Range,
// which is for parts as well, it refuses with 501.) It advertises no range, so that none is written by its URI; one that a
// client writes without being told replaces the document too. PATCH and OPTIONS it refuses with 405, POST to a folder
// with 403: what such a server does not speak is a failure of the offer, and nothing else is held against it.
var davDefects = map[string][]string{
	expectRange: {expectRange + ".offer.no-overwrite", expectRange + ".offer.refused", expectRange + ".offer.understood"},
	rangeQuery:  {rangeQuery + ".offer.template"},

	byterange.Name:      {byterange.Name + ".offer.patch"},
	uploadresource.Name: {uploadresource.Name + ".offer.allocated"},
	tus.Name:            {tus.Name + ".offer.options", tus.Name + ".offer.created"},
	rufh.Name:           {rufh.Name + ".offer.spoken"},
}

// TestNginxDAV certifies nginx for what its DAV module does with ranges, and asks that what others have put there stays.
func TestNginxDAV(t *testing.T) {
	root := ""
	base := runNginx(t, func(dir, addr string) string {
		root = filepath.Join(dir, "root")
		if err := os.Mkdir(root, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, "document"), theDocument, 0o600); err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf(davConf, dir, addr)
	})
	if _, err := suite.Run(t.Context(), suite.Options{Config: parse(t, "target: "+base+"\n")}); !errors.Is(err, suite.ErrNothingSelected) {
		t.Errorf("where no profile is named: %v", err)
	}
	for profile, want := range davDefects {
		report := certify(t, parse(t, "target: "+base+"\n"), func(o *suite.Options) { o.Selection.Profiles = []string{profile} })
		if !strings.HasPrefix(report.Target.Server, "nginx/") || report.Summary.Conformance != reports.Nonconformant {
			t.Errorf("%s: %s, %s", profile, report.Target.Server, report.Summary.Conformance)
		}
		var failed []string
		for _, r := range report.Results {
			switch r.Verdict {
			case reports.Fail:
				failed = append(failed, r.ID)
			case reports.Unsupported:
			default:
				t.Error(told(r))
			}
		}
		if !slices.Equal(failed, want) {
			t.Errorf("%s: %q instead of %q", profile, failed, want)
		}
	}
	if got, err := os.ReadFile(filepath.Join(root, "document")); err != nil || string(got) != string(theDocument) {
		t.Errorf("a document that was there: %d bytes, %v", len(got), err)
	}
}
