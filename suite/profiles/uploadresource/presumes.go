package uploadresource

import "github.com/resumespec/resumespec/suite/matrix"

// presumes says on what the requirement of a case relies, for the order in which failures are named. What those rely on
// in turn counts as well.
var presumes = map[string][]string{}

// presume gives a check what it relies on.
func presume(check matrix.Check) matrix.Check {
	for _, name := range presumes[check.Area()+"."+check.Name()] {
		check.Presumes = append(check.Presumes, Name+"."+name)
	}
	return check
}
