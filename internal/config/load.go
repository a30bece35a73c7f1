package config

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"

	"github.com/caarlos0/env/v11"
)

// Purpose is what a configuration is read for.
type Purpose string

// The purposes: the server itself, commands that read and write its data, and migrations.
const (
	ForRun     Purpose = "run"
	ForAdmin   Purpose = "admin"
	ForMigrate Purpose = "migrate"
)

// Source is where Load finds settings, the first to win: Flags, Environ, the file, Presets.
type Source struct {
	Purpose Purpose
	// Flags are settings of the command line, by their CALWEAVE_ names.
	Flags map[string]string
	// Environ is what os.Environ returns.
	Environ []string
	// File is the path of --config; if it is empty, CALWEAVE_CONFIG names the file, if any.
	File string
	// Presets are settings that a command brings along, by their CALWEAVE_ names.
	Presets map[string]string
	// Checks are what only those who use a setting can tell about its value, by its CALWEAVE_ name. A value that is wrong in itself is not shown to them.
	Checks map[string]Check
	// ReadFile is os.ReadFile if nil.
	ReadFile func(path string) ([]byte, error)
}

// Check is what the user of a setting says about a value.
type Check struct {
	// Wrong says what is wrong with it, or nothing. It does not repeat a secret.
	Wrong func(value string) string
	Mend  string
}

// Load reads the configuration. Its error is a MistakesError, with everything that is wrong.
func Load(src Source) (*Config, error) {
	c, mistakes := read(src)
	if len(mistakes) > 0 {
		return nil, mistakes
	}
	return c, nil
}

// List returns what Redacted does, of a configuration with mistakes too: its error is what Load's would be, and what is wrong has no value.
func List(src Source) ([]Setting, error) {
	c, mistakes := read(src)
	all := c.Redacted()
	for i, s := range all {
		if mistakes.of(s.Name) {
			all[i].Value, all[i].Wrong = "", true
		}
	}
	if len(mistakes) > 0 {
		return all, mistakes
	}
	return all, nil
}

// read reads as much as can be read.
func read(src Source) (*Config, MistakesError) {
	l := &loader{src: src, text: map[string]string{}}
	c := &Config{origin: map[string]string{}}
	settings := settingsOf(c)
	layers := l.layers()
	l.unknown(layers, settings)
	for _, s := range settings {
		value, where, set := l.resolve(s, layers)
		if value == "" && (!set || s.name != prefix+"REDIS_URL") && slices.Contains(s.need, string(src.Purpose)) && !l.reported(s.name) {
			l.report(Mistake{Name: s.name, Where: where, What: "is missing", Mend: "give " + s.form})
		}
		if value == "" && set && s.name == prefix+"ROLES" {
			l.report(Mistake{Name: s.name, Where: where, What: "is empty", Mend: "give " + s.form + "; leave it out for all of them"})
		}
		if value == "" && s.preset != "" {
			where = "" // what is given empty is the default
		}
		l.text[s.name], c.origin[s.name] = value, where
	}
	l.parse(c, settings)
	l.check(c, settings)
	c.MigrateDatabaseURL = cmp.Or(c.MigrateDatabaseURL, c.DatabaseURL)
	c.SweepDatabaseURL = cmp.Or(c.SweepDatabaseURL, c.DatabaseURL)
	return c, l.mistakes
}

// loader collects what is wrong on the way from text to Config.
type loader struct {
	src      Source
	text     map[string]string
	mistakes MistakesError
}

func (l *loader) report(m Mistake) { l.mistakes = append(l.mistakes, m) }

// reported tells whether something is wrong with a setting, or its file, already.
func (l *loader) reported(name string) bool { return l.mistakes.of(name) }

// parse turns the text of each setting into its field's type.
func (l *loader) parse(c *Config, settings []setting) {
	err := env.ParseWithOptions(c, env.Options{
		Environment: l.text,
		Prefix:      prefix,
		FuncMap: map[reflect.Type]env.ParserFunc{
			reflect.TypeFor[[]netip.Prefix](): func(s string) (any, error) { return parsePrefixes(s) },
			reflect.TypeFor[[]string]():       func(s string) (any, error) { return parseURLs(s) },
			reflect.TypeFor[bool]():           func(s string) (any, error) { return parseSwitch(s) },
		},
	})
	aggregate, ok := errors.AsType[env.AggregateError](err)
	if !ok {
		return
	}
	for _, err := range aggregate.Errors {
		pe, ok := errors.AsType[env.ParseError](err)
		i := slices.IndexFunc(settings, func(s setting) bool { return ok && s.field == pe.Name })
		if i < 0 {
			l.report(Mistake{Name: prefix + "*", What: err.Error()}) // unreachable: only fields of the table are parsed
			continue
		}
		s := settings[i]
		what := fmt.Sprintf("%q is not understood", l.text[s.name])
		if own, ok := errors.AsType[formError](pe.Err); ok {
			what = own.Error()
		}
		l.wrong(c, s, what)
	}
}

// wrong reports that a setting has a value that it cannot have.
func (l *loader) wrong(c *Config, s setting, what string) {
	l.report(Mistake{Name: s.name, Where: c.origin[s.name], What: what, Mend: "give " + s.form})
}

// setting is what a field of Config says about itself.
type setting struct {
	name   string // with CALWEAVE_
	field  string
	value  reflect.Value
	secret bool
	form   string
	preset string // what it is unless it is given
	need   []string
	// verbatim takes a secret's file as it is: it need not be text.
	verbatim bool
}

// settingsOf lists the settings in the order of the fields.
func settingsOf(c *Config) []setting { return fieldsOf(reflect.ValueOf(c).Elem(), prefix) }

func fieldsOf(v reflect.Value, prefix string) []setting {
	var out []setting
	for field, value := range v.Fields() {
		if name, ok := field.Tag.Lookup("env"); ok {
			out = append(out, setting{
				name: prefix + name, field: field.Name, value: value, secret: field.Type == reflect.TypeFor[Secret](),
				form: field.Tag.Get("form"), preset: field.Tag.Get("envDefault"), need: strings.Fields(field.Tag.Get("need")),
				verbatim: field.Tag.Get("file") == "verbatim",
			})
		} else if field.Type.Kind() == reflect.Struct {
			out = append(out, fieldsOf(value, prefix+field.Tag.Get("envPrefix"))...)
		}
	}
	return out
}
