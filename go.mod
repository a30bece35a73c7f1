module github.com/calweave/calweave

go 1.26.0
