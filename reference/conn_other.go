//go:build !linux

package reference

func socketArrival(int) arrival { return arrival{} }
