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
	config, server := configured(t)
	own := server != nil
	options := suite.Options{Config: config, Version: "test", Rerun: "resumespec run"}
	if own {
		options.Restart = func(context.Context) error {
			next, err := server.Restart()
			if err == nil {
				server = next
			}
			return err
		}
		defer func() { _ = server.Close() }()
	}
	finish, err := suite.Register(context.Background(), options)
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

// configured gives the configuration of the target, and the reference server where that is the one of this
// test itself.
func configured(t *testing.T) (config *target.Config, server *reference.Server) {
	t.Helper()
	config, err := target.Parse("embedded.yaml", []byte(embedded))
	file, url := os.Getenv("RESUMESPEC_CONFIG"), os.Getenv("RESUMESPEC_TARGET")
	switch {
	case file != "":
		config, err = target.Load(file)
	case url != "":
		config, err = target.Default(url)
	case err == nil:
		server, url, err = reference.Listen("127.0.0.1:0", reference.Options{Users: map[string]string{"alice": "Bearer a", "bob": "Bearer b"}})
		url += "/items"
	}
	if err == nil && url != "" {
		err = config.Retarget(url)
	}
	if err != nil {
		t.Fatal(err)
	}
	return config, server
}
