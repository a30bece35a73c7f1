package browser

import (
	"bytes"
	"encoding/xml"
	"strings"
)

// form is the consent form of a page.
type form struct {
	action    string
	hidden    map[string]string
	accounts  []string
	suggested string
	scopes    []string
	decision  bool
}

// findForm reads the page with the decoder that package encoding/xml recommends for HTML, and reports whether there is a consent form.
func findForm(page []byte) (form, bool) {
	d := xml.NewDecoder(bytes.NewReader(page))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	f := form{hidden: map[string]string{}}
	for {
		t, err := d.Token()
		if err != nil {
			return f, f.decision
		}
		if start, ok := t.(xml.StartElement); ok {
			f.take(strings.ToLower(start.Name.Local), attributes(start))
		}
	}
}

func (f *form) take(element string, a map[string]string) {
	switch {
	case element == "form":
		f.action = a["action"]
	case element == "button" && a["name"] == "decision":
		f.decision = true
	case element != "input":
	case a["type"] == "hidden":
		f.hidden[a["name"]] = a["value"]
	case a["name"] == "account":
		f.accounts = append(f.accounts, a["value"])
		if _, checked := a["checked"]; checked {
			f.suggested = a["value"]
		}
	case a["name"] == "scope":
		f.scopes = append(f.scopes, a["value"])
	}
}

func attributes(e xml.StartElement) map[string]string {
	a := map[string]string{}
	for _, attr := range e.Attr {
		a[strings.ToLower(attr.Name.Local)] = attr.Value
	}
	return a
}
