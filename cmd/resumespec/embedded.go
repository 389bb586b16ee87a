package main

import (
	"context"
	_ "embed" // the config of the embedded target is a file of its own
	"errors"

	"github.com/resumespec/resumespec/reference"
	"github.com/resumespec/resumespec/suite/target"
)

// embeddedConfig is what the suite is told about the embedded reference server: the example of the contract.
//
//go:embed embedded.yaml
var embeddedConfig []byte

// embeddedUsers are the credentials that stand in it.
var embeddedUsers = map[string]string{"alice": "Bearer a", "bob": "Bearer b"}

// embedded is a reference server inside this process.
type embedded struct {
	config *target.Config
	data   string
	server *reference.Server
}

// startEmbedded starts the reference server on a free port of the loopback interface. The config that was given, if
// any, has no target; what it leaves out of users and profiles comes from the embedded one.
func startEmbedded(given *target.Config) (*embedded, error) {
	standard, err := target.Parse("", embeddedConfig)
	if err != nil {
		return nil, err
	}
	config := given
	if len(given.Profiles) == 0 {
		config = standard
	}
	config.Limits, config.Path = given.Limits, given.Path
	if config.Users == nil {
		config.Users = standard.Users
	}
	if given.Users != nil {
		config.Users = given.Users
	}
	config.About = target.About{Name: "resumespec reference server", Version: version()}
	server, url, err := reference.Listen("127.0.0.1:0", reference.Options{Users: embeddedUsers})
	if err != nil {
		return nil, err
	}
	if err := config.Retarget(url + "/items"); err != nil {
		return nil, errors.Join(err, server.Close())
	}
	return &embedded{config, server.Data(), server}, nil
}

func (e *embedded) close() { _ = e.server.Close() }

// restart stops the server and starts it again with its data.
func (e *embedded) restart(context.Context) error {
	next, err := e.server.Restart()
	if err == nil {
		e.server = next
	}
	return err
}
