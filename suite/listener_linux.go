package suite

import (
	"bufio"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// errNobody says that no process of this user on this machine listens.
var errNobody = errors.New("no process of this user on this machine does, and {pid} needs one")

// listener finds the process that listens at a TCP port. It asks for the one listening socket only: a machine that has
// just run a suite has tens of thousands of others.
func listener(port string) (pid string, err error) {
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return "", err
	}
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		if inode := listening(table, number); inode != "" {
			return holder("socket:[" + inode + "]")
		}
	}
	return "", errNobody
}

// listening gives the inode of the socket that listens at a port, "" when the table has none.
func listening(table string, port uint64) string {
	f, err := os.Open(table)
	if err != nil {
		return ""
	}
	defer f.Close()
	const local, state, inode, listen = 1, 3, 9, "0A"
	for lines := bufio.NewScanner(f); lines.Scan(); {
		words := strings.Fields(lines.Text())
		if len(words) <= inode || words[state] != listen {
			continue
		}
		_, at, _ := strings.Cut(words[local], ":")
		if n, err := strconv.ParseUint(at, 16, 16); err == nil && n == port {
			return words[inode]
		}
	}
	return ""
}

// holder finds the process that has a file open.
func holder(name string) (pid string, err error) {
	files, err := filepath.Glob("/proc/[0-9]*/fd/*")
	if err != nil {
		return "", err
	}
	for _, file := range files {
		if to, err := os.Readlink(file); err == nil && to == name {
			return strings.Split(file, "/")[2], nil
		}
	}
	return "", errNobody
}
