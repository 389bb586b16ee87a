package suite_test

import (
	"context"
	"os"
	"testing"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/gomega"

	"github.com/resumespec/resumespec/reference"
	"github.com/resumespec/resumespec/reports"
	"github.com/resumespec/resumespec/suite"
	"github.com/resumespec/resumespec/suite/target"
)

// embedded tells the suite all that the reference server offers.
const embedded = `
users:
  - {name: alice, headers: {Authorization: "Bearer a"}}
  - {name: bob, headers: {Authorization: "Bearer b"}}
profiles:
  resume:
    upload: {method: POST, path: "/items?tag={tag}", headers: {Content-Type: application/octet-stream}}
    count: {path: "/items?tag={tag}", pointer: /count}
    large: {path: "/items?tag={tag}&respond=65536"}
    slow: {path: "/items?tag={tag}&delay=300ms"}
    failing: [{path: "/items?tag={tag}&fail=422"}, {path: "/items?tag={tag}&fail=503"}]
`

// TestSuite runs the suite under go test and the ginkgo command. The target comes from RESUMESPEC_CONFIG or
// RESUMESPEC_TARGET; without them it is the reference server, of which every case must pass.
func TestSuite(t *testing.T) {
	config, own := configured(t)
	finish, err := suite.Register(context.Background(), suite.Options{Config: config, Version: "test", Rerun: "resumespec run"})
	if err != nil {
		t.Fatal(err)
	}
	gomega.RegisterFailHandler(ginkgo.Fail)
	ginkgo.RunSpecs(t, "resumespec")
	report := finish()
	for _, r := range report.Results {
		if own && r.Verdict != reports.Pass {
			t.Errorf("%s %s [%s %s]: expected %s, got %s", r.Verdict, r.ID, r.Point, r.Fault, r.Expected, r.Got)
		}
	}
}

// configured gives the configuration of the target, and whether that is the reference server of this
// test itself.
func configured(t *testing.T) (config *target.Config, own bool) {
	t.Helper()
	var err error
	switch {
	case os.Getenv("RESUMESPEC_CONFIG") != "":
		config, err = target.Load(os.Getenv("RESUMESPEC_CONFIG"))
	case os.Getenv("RESUMESPEC_TARGET") != "":
		config, err = target.Default(os.Getenv("RESUMESPEC_TARGET"))
	default:
		own = true
		config, err = target.Parse("embedded.yaml", []byte(embedded))
	}
	if err != nil {
		t.Fatal(err)
	}
	if own {
		server, url, err := reference.Listen("127.0.0.1:0", reference.Options{Users: map[string]string{"alice": "Bearer a", "bob": "Bearer b"}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = server.Close() })
		if err := config.Retarget(url + "/items"); err != nil {
			t.Fatal(err)
		}
	} else if target := os.Getenv("RESUMESPEC_TARGET"); target != "" {
		if err := config.Retarget(target); err != nil {
			t.Fatal(err)
		}
	}
	return config, own
}
