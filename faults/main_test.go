package faults

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain looks for goroutines that were left behind; net/http keeps a refused connection for half a second.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*conn).closeWriteAndWait"))
}
