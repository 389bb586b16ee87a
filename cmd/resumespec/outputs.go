package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/resumespec/resumespec/reports"
)

// onStdout is the file name that means standard output.
const onStdout = "-"

// output is one report file that was asked for.
type output struct {
	flag  string
	path  string
	write func(io.Writer, *reports.Report) error
}

// outputs are the report files of a run.
type outputs []output

// files are the outputs as the flags name them, with an empty path where they do not.
func (f *runFlags) files() outputs {
	return outputs{
		{"html", f.html, reports.WriteHTML},
		{"json", f.json, reports.WriteJSON},
		{"junit", f.junit, reports.WriteJUnit},
		{"markdown", f.mark, reports.WriteMarkdown},
	}
}

// outputs gives the files that were asked for, or an HTML and a JSON file in the current folder when none was, and makes
// sure that they can be written: nobody wants to learn that after the run.
func (f *runFlags) outputs() (outputs, error) {
	asked := f.files().asked()
	if len(asked) == 0 {
		standard := *f
		standard.html, standard.json = "resumespec-report.html", "resumespec-report.json"
		asked = standard.files().asked()
	}
	return asked, asked.check()
}

func (o outputs) asked() outputs {
	var asked outputs
	for _, out := range o {
		if out.path != "" {
			asked = append(asked, out)
		}
	}
	return asked
}

// stdout says whether one of the reports goes to standard output, which is then its alone.
func (o outputs) stdout() bool {
	for _, out := range o {
		if out.path == onStdout {
			return true
		}
	}
	return false
}

func (o outputs) check() error {
	taken := map[string]string{}
	for _, out := range o {
		name := filepath.Clean(out.path)
		if other, twice := taken[name]; twice {
			return usage("--%s and --%s both name %s", other, out.flag, out.path)
		}
		taken[name] = out.flag
		if out.path == onStdout {
			if out.flag == "html" {
				return usage("--html wants a file: standard output takes json, junit and markdown")
			}
			continue
		}
		if err := writable(out.path); err != nil {
			return usage("--%s: cannot be written: %w", out.flag, err)
		}
	}
	return nil
}

// writable says whether reports.WriteFile will be able to write to path: it makes a new file in the folder, and missing
// folders.
func writable(path string) error {
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return fmt.Errorf("%s is a folder", path)
	case err == nil && !info.Mode().IsRegular():
		return nil // a pipe or a device: opening it to try would already be an act
	case err != nil && !errors.Is(err, os.ErrNotExist):
		return err
	}
	folder := filepath.Dir(path)
	for {
		info, err := os.Stat(folder)
		if errors.Is(err, os.ErrNotExist) && folder != filepath.Dir(folder) {
			folder = filepath.Dir(folder)
			continue
		}
		if err != nil {
			return err
		}
		if !info.IsDir() {
			return fmt.Errorf("%s is not a folder", folder)
		}
		break
	}
	probe, err := os.CreateTemp(folder, ".resumespec-*")
	if err != nil {
		return err
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// write writes every report, also where another could not be written, and names the files.
func (o outputs) write(stdout io.Writer, report *reports.Report) (written []string, failed error) {
	for _, out := range o {
		render := func(w io.Writer) error { return out.write(w, report) }
		if out.path == onStdout {
			failed = errors.Join(failed, render(stdout))
			continue
		}
		if err := reports.WriteFile(out.path, render); err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		written = append(written, out.path)
	}
	return written, failed
}
