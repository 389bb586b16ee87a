package faults

import (
	"net"

	"golang.org/x/sys/unix"
)

// delivered says whether the peer's kernel has everything that was written, the FIN included. On
// the loopback interface what is sent is there, and acknowledgements may take 40 ms.
func delivered(c *net.TCPConn) bool {
	request := uint(unix.SIOCOUTQ)
	if peer, ok := c.RemoteAddr().(*net.TCPAddr); ok && peer.IP.IsLoopback() {
		request = unix.SIOCOUTQNSD
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return true
	}
	var n int
	var refused error
	if err := raw.Control(func(fd uintptr) { n, refused = unix.IoctlGetInt(int(fd), request) }); err != nil {
		return true // the socket is closed: nothing more will be sent
	}
	return refused != nil || n == 0
}

// flush waits until the kernel has sent everything that was written. It gives the number of bytes
// that were not sent when the socket was closed meanwhile.
func flush(c *net.TCPConn) (unsent int) {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0
	}
	lowered := false
	_ = raw.Write(func(fd uintptr) bool { // fails when the socket is closed, and then unsent is known
		if unsent = notSent(int(fd)); unsent == 0 {
			return true
		}
		if !lowered { // from now on the socket counts as writable when nothing is unsent
			lowered = true
			_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, 1) // without it the wait is longer
		}
		// The kernel tells that a socket became writable only to those who asked while it was not.
		fds := []unix.PollFd{{Fd: int32(fd) /* #nosec G115 -- a file descriptor */, Events: unix.POLLOUT}}
		if n, err := unix.Poll(fds, 0); err == nil && n == 0 {
			return false
		}
		unsent = notSent(int(fd)) // sent meanwhile, or the connection is broken
		return true
	})
	return unsent
}

// unsent gives the number of bytes that the kernel has not sent yet.
func unsent(c *net.TCPConn) (n int) {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0
	}
	_ = raw.Control(func(fd uintptr) { n = notSent(int(fd)) }) // fails when the socket is closed, and with it what was unsent
	return n
}

func notSent(fd int) int {
	n, err := unix.IoctlGetInt(fd, unix.SIOCOUTQNSD)
	if err != nil {
		return 0
	}
	return n
}

// writeNow writes what the kernel takes without a wait, and gives the number of bytes.
func writeNow(c *net.TCPConn, p []byte) (n int) {
	raw, err := c.SyscallConn()
	if err != nil || len(p) == 0 {
		return 0
	}
	_ = raw.Control(func(fd uintptr) { // fails when the socket is closed: nothing is written then
		if k, err := unix.Write(int(fd), p); err == nil {
			n = k
		}
	})
	return n
}
