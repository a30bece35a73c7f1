package config

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
)

const (
	prefix     = "CALWEAVE_"
	fileSuffix = "_FILE"
	configName = prefix + "CONFIG"
	// WebhookSecret is no setting: the webhook commands read it. It may stand in the environment that a server is started from.
	WebhookSecret = prefix + "WEBHOOK_SECRET"
	// testPrefix belongs to the tests, which start calweave in their own environment.
	testPrefix = prefix + "TEST_"
)

// layer is one place that settings come from.
type layer struct {
	where  string
	values map[string]string
}

// layers returns where settings come from, the first to win.
func (l *loader) layers() []layer {
	environ := map[string]string{}
	for _, pair := range l.src.Environ {
		name, value, _ := strings.Cut(pair, "=")
		environ[name] = value
	}
	out := []layer{{"command line", l.src.Flags}, {"environment", environ}}
	path, how := l.src.File, "--config"
	if path == "" {
		path, how = environ[configName], configName
	}
	if path != "" {
		out = append(out, l.fileLayer(path, how))
	}
	return append(out, layer{"preset", l.src.Presets})
}

func (l *loader) fileLayer(path, how string) layer {
	where := "file " + path
	raw, err := l.readFile(path)
	if err != nil {
		l.report(Mistake{Name: how, Where: where, What: "cannot be read: " + reason(err), Mend: "give the path of an environment file"})
		return layer{where: where}
	}
	values, wrong := parseFile(raw)
	if wrong != "" {
		l.report(Mistake{Name: how, Where: where, What: wrong, Mend: "write NAME=value lines, with values that have blanks, # or $ in single quotes"})
	}
	return layer{where, values}
}

// reason gives why a file could not be read without repeating its path.
func reason(err error) string {
	if pe, ok := err.(*fs.PathError); ok { //nolint:errorlint // os wraps no deeper
		return pe.Err.Error()
	}
	return err.Error()
}

// readFile is os.ReadFile unless the source brings another.
func (l *loader) readFile(path string) ([]byte, error) {
	if l.src.ReadFile != nil {
		return l.src.ReadFile(path)
	}
	return os.ReadFile(path) //nolint:gosec // the operator names the file
}

// resolve finds the text of a setting in the first layer that has it, be it empty, and where that is.
func (l *loader) resolve(s setting, layers []layer) (value, where string, set bool) {
	for _, ly := range layers {
		value, plain := ly.values[s.name]
		path, inFile := ly.values[s.name+fileSuffix]
		switch {
		case !s.secret || !inFile:
			if plain {
				return value, ly.where, true
			}
		case plain:
			l.report(Mistake{Name: s.name, Where: ly.where, What: "is set, and so is " + s.name + fileSuffix, Mend: "keep one of them"})
			return "", ly.where, true
		case path != "":
			return l.secretFile(s, path, ly.where), ly.where + ", file " + path, true
		}
	}
	return "", "", false
}

// secretFile reads a secret without the line end that editors and Kubernetes leave behind it. A verbatim one may be binary, and end in such bytes of its
// own: it comes as it is.
func (l *loader) secretFile(s setting, path, where string) string {
	raw, err := l.readFile(path)
	if err != nil {
		l.report(Mistake{Name: s.name + fileSuffix, Where: where, What: fmt.Sprintf("%s cannot be read: %s", path, reason(err)), Mend: "give the path of a file that holds the secret"})
		return ""
	}
	value := strings.TrimSuffix(strings.TrimSuffix(string(raw), "\n"), "\r")
	if value == "" {
		l.report(Mistake{Name: s.name + fileSuffix, Where: where, What: path + " is empty", Mend: "give the path of a file that holds the secret"})
		return ""
	}
	if s.verbatim {
		return string(raw)
	}
	return value
}

// unknown reports every CALWEAVE_ name that no setting has.
func (l *loader) unknown(layers []layer, settings []setting) {
	known := []string{configName, WebhookSecret}
	for _, s := range settings {
		known = append(known, s.name)
		if s.secret {
			known = append(known, s.name+fileSuffix)
		}
	}
	for _, ly := range layers {
		for _, name := range slices.Sorted(maps.Keys(ly.values)) {
			if !strings.HasPrefix(name, prefix) || strings.HasPrefix(name, testPrefix) || slices.Contains(known, name) {
				continue
			}
			l.report(Mistake{Name: name, Where: ly.where, What: "is no setting" + didYouMean(name, known), Mend: "mend the name or remove it"})
		}
	}
}
