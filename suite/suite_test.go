package suite_test

import (
	"context"
	"os"
	"testing"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/gomega"

	"github.com/resumespec/resumespec/cmd/embedded"
	"github.com/resumespec/resumespec/reference"
	"github.com/resumespec/resumespec/suite"
	"github.com/resumespec/resumespec/suite/target"
)

// TestSuite runs the suite under go test and the ginkgo command. The target comes from RESUMESPEC_CONFIG or
// RESUMESPEC_TARGET; without them it is the reference server, of which every case must pass but for
// named exceptions.
func TestSuite(t *testing.T) {
	config, server := configured(t)
	own := server != nil
	options := suite.Options{Config: config, Version: "test", Rerun: "resumespec run"}
	if own {
		options.Restart = server.Restart
		defer func() { _ = server.Close() }()
	}
	finish, err := suite.Register(context.Background(), options)
	if err != nil {
		t.Fatal(err)
	}
	gomega.RegisterFailHandler(ginkgo.Fail)
	ginkgo.RunSpecs(t, "resumespec")
	report := finish()
	if own {
		for _, wrong := range embedded.Wrong(report) {
			t.Error(wrong)
		}
	}
}

// configured gives the configuration of the target, and the reference server where that is the one of this
// test itself.
func configured(t *testing.T) (config *target.Config, own *embedded.Target) {
	t.Helper()
	var err error
	file, url := os.Getenv("RESUMESPEC_CONFIG"), os.Getenv("RESUMESPEC_TARGET")
	switch {
	case file != "":
		config, err = target.Load(file)
	case url != "":
		config, err = target.Default(url)
	default:
		if own, err = embedded.Start(&target.Config{}, reference.Options{}); err == nil {
			config = own.Config
		}
	}
	if err == nil && file != "" && url != "" {
		err = config.Retarget(url)
	}
	if err != nil {
		t.Fatal(err)
	}
	return config, own
}
