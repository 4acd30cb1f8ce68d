// Runs gomplate over every file of a folder, `main IN OUT`, with the delimiters that GitLab's images use. A file that is no
// template or whose tags fail gets its error in `NAME.error`.
package main

import (
	"bytes"
	"context"
	"log"
	"os"
	"path/filepath"

	"github.com/hairyhenderson/gomplate/v4"
)

func main() {
	in, out := os.Args[1], os.Args[2]
	files, err := os.ReadDir(in)
	if err != nil {
		log.Fatal(err)
	}
	renderer := gomplate.NewRenderer(gomplate.RenderOptions{LDelim: "{%", RDelim: "%}"})
	for _, file := range files {
		text, err := os.ReadFile(filepath.Join(in, file.Name()))
		if err != nil {
			log.Fatal(err)
		}
		var result bytes.Buffer
		name := filepath.Join(out, file.Name())
		content := []byte(nil)
		if err := renderer.Render(context.Background(), file.Name(), string(text), &result); err != nil {
			name, content = name+".error", []byte(err.Error())
		} else {
			content = result.Bytes()
		}
		if err := os.WriteFile(name, content, 0o600); err != nil {
			log.Fatal(err)
		}
	}
}
