package reference

import "golang.org/x/sys/unix"

// tcpEstablished is TCP_ESTABLISHED of Linux; in any other state no more bytes will come.
const tcpEstablished = 1

func socketArrival(fd int) (a arrival) {
	if n, err := unix.IoctlGetInt(fd, unix.SIOCINQ); err == nil {
		a.pending = n > 0
	}
	if info, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO); err == nil {
		a.closed = info.State != tcpEstablished
	}
	return a
}
