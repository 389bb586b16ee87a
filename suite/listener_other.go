//go:build !linux

package suite

import "errors"

// listener is not known here.
func listener(string) (pid string, err error) {
	return "", errors.New("{pid} is known on Linux only")
}
