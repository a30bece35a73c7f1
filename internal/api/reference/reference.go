package reference

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"strings"

	"go.yaml.in/yaml/v3"
)

//go:embed page.html
var pageText string

//go:embed problem.html
var problemText string

//go:embed style.css
var style string

// Problem is a type of problem that the API answers.
type Problem struct {
	// Name is the last part of Type, which is its whole URL.
	Name, Type  string
	Status      int
	Title       string
	About, Mend string
}

// Pages are the pages, as they are sent.
type Pages struct {
	// API explains every operation.
	API []byte
	// Problems explain one problem each, by its name.
	Problems map[string][]byte
	// Policy is the Content-Security-Policy of all of them.
	Policy string
}

// New makes the pages of an OpenAPI document.
func New(spec []byte, problems []Problem) (Pages, error) {
	var root yaml.Node
	if err := yaml.Unmarshal(spec, &root); err != nil {
		return Pages{}, fmt.Errorf("reference: OpenAPI document: %w", err)
	}
	if len(root.Content) == 0 {
		return Pages{}, errors.New("reference: the OpenAPI document is empty")
	}
	d := document{node{root.Content[0]}}
	whole, err := parse("page", pageText)
	if err != nil {
		return Pages{}, err
	}
	one, err := parse("problem", problemText)
	if err != nil {
		return Pages{}, err
	}
	out := Pages{Problems: map[string][]byte{}, Policy: policy()}
	if out.API, err = render(whole, d.page(problems)); err != nil {
		return Pages{}, err
	}
	for _, p := range problems {
		if out.Problems[p.Name], err = render(one, p); err != nil {
			return Pages{}, err
		}
	}
	return out, nil
}

// parse reads a template. The style stands in each page, so that nothing has to be loaded.
func parse(name, text string) (*template.Template, error) {
	t, err := template.New(name).Funcs(template.FuncMap{"prose": prose, "inline": inline}).Parse(strings.Replace(text, "<style></style>", "<style>"+style+"</style>", 1))
	if err != nil {
		return nil, fmt.Errorf("reference: %w", err)
	}
	return t, nil
}

func render(t *template.Template, data any) ([]byte, error) {
	var b bytes.Buffer
	if err := t.Execute(&b, data); err != nil {
		return nil, fmt.Errorf("reference: %w", err)
	}
	return b.Bytes(), nil
}

// policy lets a page look as it does, and do nothing.
func policy() string {
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
}
