package config

// didYouMean returns a question that names the closest candidate, or nothing when none is close.
func didYouMean(got string, candidates []string) string {
	best, least := "", max(2, len(got)/4)+1
	for _, c := range candidates {
		if d := distance(got, c); d < least {
			best, least = c, d
		}
	}
	if best == "" {
		return ""
	}
	return ": did you mean " + best + "?"
}

// distance counts the bytes to insert, delete or replace that make a into b (Levenshtein's).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(diagonal+1, row[j]+1, replaced)
		}
	}
	return row[len(b)]
}
