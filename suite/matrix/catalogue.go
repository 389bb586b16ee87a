package matrix

// Catalogue puts the cases of a profile together, area after area. presumes holds on what the requirement of a case relies,
// by areas and names ("upload.offsets"), for the order in which failures are named; what those rely on in turn counts as
// well.
func Catalogue(profile string, presumes map[string][]string, areas ...[]Check) []Check {
	var all []Check
	for _, area := range areas {
		for _, check := range area {
			if check.Point == "" {
				check.Point = "none"
			}
			for _, name := range presumes[check.Area()+"."+check.Name()] {
				check.Presumes = append(check.Presumes, profile+"."+name)
			}
			all = append(all, check)
		}
	}
	return all
}
