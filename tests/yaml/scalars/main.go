// Prints what Kubernetes' reader of YAML makes of scalars, as rows of a C table: tests/unit/unit_scalars.h.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"

	"sigs.k8s.io/yaml"
)

// Values of "a: VALUE".
var scalars = []string{
	// integers in every base, with signs and separators
	"0", "00", "000", "-0", "+0", "5", "+5", "-5", "--5", "+-5", "010", "-010", "+010", "08", "-08", "09.5", "0777", "0o7",
	"0O7", "-0o7", "0o8", "0o", "0x3", "0X3", "0xfF", "0xg", "0x", "-0x1F", "+0x1f", "0b11", "0B11", "-0b11", "0b2", "0b",
	"1_0", "1__0", "1_", "_1", "-_1", "+1_0", "0_", "0_7", "0x_1", "0b1_1", "0o1_1", "1,000", "1'000", "1 000",
	// what fits and what does not
	"999999999999999", "1000000000000000", "999999999999999999", "1000000000000000000", "9007199254740993",
	"2147483648", "9223372036854775807", "9223372036854775808", "18446744073709551615", "18446744073709551616",
	"-9223372036854775808", "-9223372036854775809", "0777777777777777777777", "0x7fffffffffffffff", "0xffffffffffffffff",
	"0x10000000000000000", "123456789012345678901234567890",
	// floats
	"3.0", "3.", "3.00", "-3.0", "+3.0", "0.0", "-0.0", ".0", "0.", ".5", "+.5", "-.5", "._5", ".5_0", "_.5", "0.50", "1_000.5",
	"1_000.0", "1.5", "30.0", "300.", "0030.0", "1e3", "1E3", "1e+3", "1e-3", "1e0", "0e5", "0e99999999999", "1.5e3", "1.25e1",
	"100e-2", "1000.0e-2", ".5e1", "5e", "5e+", "e5", "1e3.0", "1e1_0", "1.0e14", "1e15", "1e20", "1e21", "1.0e100", "1e400",
	"-1e400", "9007199254740993.0", "0x1p3", "0x1.8p1", "1.2.3", "1.", "..1", ".",
	".inf", "-.inf", "+.inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN", "inf", "nan", "Infinity", "NaN",
	// sexagesimals, times, versions
	"1:20", "190:20:30", "-1:20", "1:20.5", "2001-12-14", "2001-12-14T21:59:43.10-05:00", "2001-12-14 21:59:43", "12:30:45",
	"v1", "1a", "10m", "1Gi", "+", "+.", "-.", "-e1",
	// booleans
	"true", "True", "TRUE", "tRue", "false", "False", "FALSE", "y", "Y", "n", "N", "yes", "Yes", "YES", "yEs", "no", "No", "NO",
	"on", "On", "ON", "oN", "off", "Off", "OFF", "t", "f", "1", "truely",
	// null
	"", "~", "null", "Null", "NULL", "nUll", "nil", "~~", "None",
	// merge and default keys as values
	"<<", "=",
	// in quotes, with tags
	"\"10\"", "'10'", "\"010\"", "'true'", "\"\"", "''", "'~'", "\"null\"", "\"3.0\"", "!!str 10", "!!str 010", "!!str yes",
	"!!str", "!!str ~", "!!int 10", "!!int 010", "!!int \"10\"", "!!int '0x3'", "!!int x", "!!float 3", "!!float \"3\"",
	"!!float 3.5", "!!bool yes", "!!bool \"yes\"", "!!null ''", "!!null ~", "!foo 10", "! 10", "!!binary MTA=",
	"!!timestamp 2001-12-14", "|\n  10", ">-\n  10",
	// through an alias
	"[&x 010, *x]", "[&x ~, *x]", "[&x , *x]", "[&x yes, *x]", "[&x \"10\", *x]", "[&x !!str 10, *x]",
}

// Of the JSON that Kubernetes decodes.
func row(text string) string {
	converted, err := yaml.YAMLToJSON([]byte("a: " + text + "\n"))
	if err != nil {
		return "SCALAR_REFUSED, 0"
	}
	var object map[string]any
	decoder := json.NewDecoder(bytes.NewReader(converted))
	decoder.UseNumber()
	if err := decoder.Decode(&object); err != nil {
		return "SCALAR_REFUSED, 0"
	}
	value := object["a"]
	if list, ok := value.([]any); ok {
		value = list[1]
	}
	switch value := value.(type) {
	case nil:
		return "SCALAR_NULL, 0"
	case bool:
		if value {
			return "SCALAR_TRUE, 0"
		}
		return "SCALAR_FALSE, 0"
	case json.Number:
		if number, err := value.Int64(); err == nil && number > -1<<63 {
			return fmt.Sprintf("SCALAR_INT, INT64_C(%d)", number)
		}
		return "SCALAR_FLOAT, 0"
	}
	return "SCALAR_STRING, 0"
}

func main() {
	fmt.Println("/* Written by tests/yaml/scalars: what sigs.k8s.io/yaml makes of \"a: TEXT\". */")
	fmt.Println("/* clang-format off */")
	for _, text := range scalars {
		fmt.Printf("{%s, %s},\n", strconv.Quote(text), row(text))
	}
}
