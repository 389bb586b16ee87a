//go:build !unix

package store

import "os"

// Elsewhere two servers on one folder are the operator's mistake to avoid, and a folder cannot be
// synchronized by itself.
func lockFile(*os.File) error { return nil }

func unlockFile(*os.File) error { return nil }

func syncDir(string) error { return nil }
