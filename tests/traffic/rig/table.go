package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
)

// question is a line of a table: what to ask, and what a data plane should answer.
type question struct {
	line   int
	text   string
	answer string
}

// readTable reads the questions of a table and the answers that are expected of the data plane `name`.
//
// The columns are separated by `|`. The first line that is not a comment has their names: `question`, and the
// data planes. An empty answer is that of the column before it; `-` means that the question is not asked.
func readTable(file, name string) ([]question, error) {
	opened, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer opened.Close()
	var questions []question
	column := -1
	lines := bufio.NewScanner(opened)
	for number := 1; lines.Scan(); number++ {
		text := strings.TrimSpace(lines.Text())
		if text == "" || text[0] == '#' {
			continue
		}
		cells := strings.Split(text, "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if column < 0 {
			if column = index(cells, name); column < 1 {
				return nil, fmt.Errorf("%s:%d: no column %q", file, number, name)
			}
			continue
		}
		answer := expected(cells, column)
		if answer == "" {
			return nil, fmt.Errorf("%s:%d: no answer of %s", file, number, name)
		}
		if answer != "-" {
			questions = append(questions, question{number, cells[0], answer})
		}
	}
	return questions, lines.Err()
}

func index(cells []string, name string) int {
	for i, each := range cells {
		if each == name {
			return i
		}
	}
	return -1
}

func expected(cells []string, column int) string {
	for column = min(column, len(cells)-1); column > 0; column-- {
		if cells[column] != "" {
			return cells[column]
		}
	}
	return ""
}
