package drivertest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// rewrite changes the JSON of an answer.
func rewrite(resp *http.Response, change func(doc any) any) error {
	if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusCreated || !strings.Contains(resp.Header.Get("Content-Type"), "json") {
		return nil
	}
	raw, err := io.ReadAll(resp.Body)
	if err == nil {
		err = resp.Body.Close()
	}
	if err != nil {
		return err
	}
	var doc any
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if err := decoder.Decode(&doc); err != nil {
		return err
	}
	if raw, err = json.Marshal(change(doc)); err != nil {
		return err
	}
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(raw)), int64(len(raw))
	resp.Header.Set("Content-Length", strconv.Itoa(len(raw)))
	return nil
}

// spoil gives the start of an event another type.
func spoil(doc any, id string) any {
	switch v := doc.(type) {
	case object:
		if _, event := v["start"]; event && v["id"] == id {
			v["start"] = 7
		}
		for name := range v {
			v[name] = spoil(v[name], id)
		}
	case []any:
		for i := range v {
			v[i] = spoil(v[i], id)
		}
	}
	return doc
}

// strange adds fields that nobody knows, and values nobody knows where the provider may add to an enumeration. Both providers reserve the right to
// (https://learn.microsoft.com/graph/best-practices-concept#handling-future-members-in-evolvable-enumerations).
func strange(doc any) any {
	switch v := doc.(type) {
	case object:
		for name, value := range v {
			if name == "private" || name == "shared" {
				continue // names and values that applications choose
			}
			v[name] = strange(value)
			if text, ok := value.(string); ok && open(name) && text != "cancelled" {
				v[name] = "unheardOf"
			}
		}
		v["unheardOf"] = object{"of": []any{1, "two", nil}}
	case []any:
		for i := range v {
			v[i] = strange(v[i])
		}
	}
	return doc
}

// open reports whether the values of a field are an enumeration that may grow.
func open(name string) bool {
	switch name {
	case "status", "responseStatus", "eventType", "transparency", "visibility", // Google
		"showAs", "sensitivity", "importance", "response", "color", "locationType", "onlineMeetingProvider": // Microsoft
		return true
	default:
		return false
	}
}
