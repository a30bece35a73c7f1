//go:build pact

package pacts_test

import (
	"regexp"
	"strings"
	"testing"
)

var heading = regexp.MustCompile(`^\s*\d+(\.\d+)*\) |^\s+\$\S* -> `)

// margins gives each line of the verifier's differences a sign of its own: - for what the pact wants, + for what the provider says. The verifier signs
// and indents only the first line of each part that the two have or do not have in common.
func margins(diff string) string {
	lines := strings.Split(diff, "\n")
	part := byte(0) // 0 is above the first
	depth := map[byte]int{}
	for i, line := range lines {
		switch first := strings.TrimPrefix(line, "    "); {
		case heading.MatchString(line):
			part = 0
			clear(depth)
			continue
		case first != line && strings.ContainsAny(first[:min(1, len(first))], "+-"):
			part, line = first[0], first[1:]
		case part == 0 && (first == "{" || first == "["), part != 0 && first != line && !indented(line, depth[part]) && indented(first, depth['-']):
			part, line = ' ', first
		case part == 0:
			continue
		}
		for _, side := range []byte{'-', '+'} {
			if part == ' ' || part == side {
				depth[side] += opens(line) - closes(line)
			}
		}
		if part == ' ' {
			depth[' '] = depth['-']
		}
		lines[i] = "      " + string(part) + " " + line
	}
	return strings.Join(lines, "\n")
}

// indented reports whether a line stands where one at a depth does.
func indented(line string, depth int) bool {
	return len(line)-len(strings.TrimLeft(line, " ")) == 2*(depth-closes(line))
}

func opens(line string) int {
	if strings.HasSuffix(line, "{") || strings.HasSuffix(line, "[") {
		return 1
	}
	return 0
}

func closes(line string) int {
	if line = strings.TrimLeft(line, " "); strings.HasPrefix(line, "}") || strings.HasPrefix(line, "]") {
		return 1
	}
	return 0
}

func TestMargins(t *testing.T) {
	t.Parallel()
	const said = `1) Verifying a pact
    1.1) has a matching body
           $ -> Actual map is missing the following keys: uid
    {
  "guests": [
    {
      "email": "ben@example.net"
    }
  ],
    +  "made": "08:00",
  "maker": {
    "self": true
  },
      "end": {
    "zone": "Europe/Berlin"
  },
    -  "link": "1",
  "uid": "2",
    +  "link": "3",
      "id": "4",
    +  "organizer": {
    "email": "ana@example.com"
  },
  "status": "confirmed"
}`
	const want = `1) Verifying a pact
    1.1) has a matching body
           $ -> Actual map is missing the following keys: uid
        {
          "guests": [
            {
              "email": "ben@example.net"
            }
          ],
      +   "made": "08:00",
      +   "maker": {
      +     "self": true
      +   },
          "end": {
            "zone": "Europe/Berlin"
          },
      -   "link": "1",
      -   "uid": "2",
      +   "link": "3",
          "id": "4",
      +   "organizer": {
      +     "email": "ana@example.com"
      +   },
      +   "status": "confirmed"
      + }`
	if got := margins(said); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	if same := "1.1) has status code 200\n    expected 200 but was 204"; margins(same) != same {
		t.Errorf("%q became %q", same, margins(same))
	}
}
