// Package embedded is the reference server inside this process, as a target: the server, and what the suite is told
// about it.
package embedded

import (
	"context"
	_ "embed" // the config is a file of its own
	"errors"

	"github.com/resumespec/resumespec/reference"
	"github.com/resumespec/resumespec/suite/target"
)

// text is all that the reference server offers: also the example of the README.
//
//go:embed embedded.yaml
var text []byte

// users are the credentials that stand in it.
var users = map[string]string{"alice": "Bearer a", "bob": "Bearer b"}

// mostAppended is the max-append-size of resumable uploads in bytes: less than the suite sends in one body, so that it is
// tested.
const mostAppended = 1_000_000

// Target is a reference server that listens on a free port of the loopback interface.
type Target struct {
	Config *target.Config
	Server *reference.Server // another one after each restart
}

// Config gives what the suite is told of the reference server, without the URL.
func Config() (*target.Config, error) { return target.Parse("", text) }

// Start starts a server. given is a config without a target: what it leaves out of users and profiles is that of Config.
// The users of the options are set; all else may be chosen.
func Start(given *target.Config, options reference.Options) (*Target, error) {
	standard, err := Config()
	if err != nil {
		return nil, err
	}
	config, credentials := given, given.Users
	if credentials == nil {
		credentials = standard.Users
	}
	if len(given.Profiles) == 0 {
		config = standard
	}
	config.Limits, config.Path, config.About, config.Users = given.Limits, given.Path, given.About, credentials
	options.Users = users
	options.Published = true // so that "latest" has its 104, and all that depends on it
	if options.Uploads == (reference.UploadLimits{}) {
		options.Uploads.MaxAppend = mostAppended
	}
	server, url, err := reference.Listen("127.0.0.1:0", options)
	if err != nil {
		return nil, err
	}
	if err := config.Retarget(url + "/items"); err != nil {
		return nil, errors.Join(err, server.Close())
	}
	return &Target{config, server}, nil
}

// Restart stops the server and starts it again with its data.
func (t *Target) Restart(context.Context) error {
	next, err := t.Server.Restart()
	if err == nil {
		t.Server = next
	}
	return err
}

// Close stops the server and removes its data.
func (t *Target) Close() error { return t.Server.Close() }
