package main

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
)

// The annotations that nginxConfig implements. Any other is an error, so that no test passes without it.
var implemented = map[string]bool{
	"affinity": true, "affinity-mode": true, "session-cookie-name": true, "session-cookie-max-age": true,
	"session-cookie-expires": true, "session-cookie-path": true, "upstream-hash-by": true,
	"use-regex": true, "rewrite-target": true, "backend-protocol": true,
	"proxy-read-timeout": true, "proxy-send-timeout": true, "proxy-body-size": true,
	"ssl-redirect": true, "force-ssl-redirect": true,
	"enable-cors": true, "cors-allow-origin": true,
}

// location is a path of a server, with the Ingress that it comes from.
type location struct {
	ingress *ingress
	path    ingressPath
}

// server is a host: all paths of all Ingresses for it.
type server struct {
	host      string
	locations []location
	regex     bool // a path is a regular expression, so all are
	secret    *secret
}

// nginxConfig returns the nginx.conf for the Ingresses, as the documentation of ingress-nginx describes their
// meaning and its template implements it. The cookie of a sticky session is set by `map`, because ingress-nginx
// uses Lua; its value is a hash of the pod's address, so a client keeps its pod for as long as that exists.
func nginxConfig(c *cluster, directory string, p *plane) (string, error) {
	servers, err := serversOf(c)
	if err != nil {
		return "", err
	}
	w := &writer{cluster: c, directory: directory, plane: p, backends: map[string]string{}}
	var blocks strings.Builder
	for _, each := range servers {
		text, err := w.server(each)
		if err != nil {
			return "", err
		}
		blocks.WriteString(text)
	}
	return nginxHead + w.upstreams.String() + blocks.String() + "}\n", nil
}

const nginxHead = `daemon off;
user root;
worker_processes 2;
error_log error.log;
pid nginx.pid;
events { worker_connections 1024; }
http {
    access_log off;
    underscores_in_headers off;
    server_names_hash_bucket_size 128;
    map_hash_bucket_size 128;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
`

func serversOf(c *cluster) ([]*server, error) {
	hosts := map[string]*server{}
	get := func(host string) *server {
		if hosts[host] == nil {
			hosts[host] = &server{host: host}
		}
		return hosts[host]
	}
	get("")
	for n := range c.ingresses {
		each := &c.ingresses[n]
		for name := range each.Metadata.Annotations {
			if short, ours := strings.CutPrefix(name, annotationPrefix); ours && !implemented[short] {
				return nil, fmt.Errorf("Ingress %s: annotation %s is not implemented here", each.Metadata.Name, name)
			}
		}
		for _, rule := range each.Spec.Rules {
			get(rule.Host).add(each, rule.HTTP.Paths)
		}
		for _, tls := range each.Spec.TLS {
			for _, host := range tls.Hosts {
				if s := get(host); s.secret == nil {
					s.secret = c.secret(each.Metadata.Namespace, tls.Secret)
				}
			}
		}
	}
	// A default backend serves what no path of the Ingress's hosts matches; without rules, of any host.
	for n := range c.ingresses {
		each := &c.ingresses[n]
		if each.Spec.DefaultBackend == nil {
			continue
		}
		rest := []ingressPath{{Path: "/", PathType: "Prefix", Backend: *each.Spec.DefaultBackend}}
		for _, rule := range each.Spec.Rules {
			if host := get(rule.Host); !host.hasRoot() {
				host.add(each, rest)
			}
		}
		for _, host := range hosts {
			if len(each.Spec.Rules) == 0 && !host.hasRoot() {
				host.add(each, rest)
			}
		}
	}
	var sorted []*server
	for _, each := range hosts {
		sorted = append(sorted, each)
	}
	sort.Slice(sorted, func(i, j int) bool { return sorted[i].host < sorted[j].host })
	return sorted, nil
}

// add adds paths; of two Ingresses with the same path, the first is used.
func (s *server) add(i *ingress, paths []ingressPath) {
	for _, path := range paths {
		taken := false
		for _, other := range s.locations {
			taken = taken || other.path.Path == path.Path && other.path.PathType == path.PathType
		}
		if taken {
			continue
		}
		s.locations = append(s.locations, location{i, path})
		s.regex = s.regex || i.setting("use-regex") == "true" || i.setting("rewrite-target") != ""
	}
}

// hasRoot is true if a path matches what no other path does.
func (s *server) hasRoot() bool {
	for _, each := range s.locations {
		if each.path.Path == "/" && each.path.PathType != "Exact" {
			return true
		}
	}
	return false
}

// writer collects upstreams while it writes servers.
type writer struct {
	cluster   *cluster
	directory string
	plane     *plane
	upstreams strings.Builder
	backends  map[string]string // of each backend: what requests are passed to
}

func (w *writer) server(s *server) (string, error) {
	var locations strings.Builder
	sort.SliceStable(s.locations, func(i, j int) bool {
		a, b := s.locations[i].path.Path, s.locations[j].path.Path
		return len(a) > len(b) || len(a) == len(b) && a > b
	})
	written := map[string]bool{} // /x and /x/ have /x/ in common
	for i := range s.locations {
		each := &s.locations[i]
		for _, match := range each.matches(s) {
			if written[match] {
				continue
			}
			written[match] = true
			fmt.Fprintf(&locations, "        location %s {\n%s        }\n", match, w.location(s, each))
		}
	}
	if !s.hasRoot() {
		locations.WriteString("        location / { return 404; }\n")
	}
	certificate, err := w.certificate(s)
	if err != nil {
		return "", err
	}
	name, isDefault := serverName(s.host), ""
	if s.host == "" {
		isDefault = " default_server"
	}
	return fmt.Sprintf("    server {\n        listen %s%s;\n        listen %s%s ssl http2;\n"+
		"        server_name %s;\n%s%s    }\n",
		w.plane.http, isDefault, w.plane.https, isDefault, name, certificate, locations.String()), nil
}

// serverName allows for one label before the rest of a wildcard, as ingress-nginx does.
func serverName(host string) string {
	if rest, wildcard := strings.CutPrefix(host, "*"); wildcard {
		return `"~^[\w-]+` + strings.ReplaceAll(rest, ".", `\.`) + `$"`
	}
	if host == "" {
		return "_"
	}
	return host
}

// matches returns the locations of a path. As soon as one path of a host is a regular expression, all are, and
// they match the beginning of the path in either case.
func (l *location) matches(s *server) []string {
	path := l.path.Path
	switch {
	case s.regex:
		return []string{`~* "^` + path + `"`}
	case l.path.PathType == "Exact":
		return []string{"= " + path}
	case path != "/": // ImplementationSpecific is Prefix too
		if below := strings.TrimRight(path, "/") + "/"; s.hasExact(path) {
			return []string{below}
		} else {
			return []string{below, "= " + path}
		}
	}
	return []string{path}
}

// hasExact is true if a path of type Exact is beside the same path of type Prefix.
func (s *server) hasExact(path string) bool {
	for _, each := range s.locations {
		if each.path.Path == path && each.path.PathType == "Exact" {
			return true
		}
	}
	return false
}

func (w *writer) location(s *server, l *location) string {
	var text strings.Builder
	put := func(format string, values ...any) { fmt.Fprintf(&text, "            "+format+";\n", values...) }
	i := l.ingress
	if redirects(s, i) {
		text.WriteString("            if ($scheme = http) { return 308 https://$host$request_uri; }\n")
	}
	if target := i.setting("rewrite-target"); target != "" && target != l.path.Path {
		put(`rewrite "(?i)%s" %s break`, l.path.Path, target)
	}
	kind := "proxy"
	scheme := "http"
	switch i.setting("backend-protocol") {
	case "GRPC":
		kind, scheme = "grpc", "grpc"
	case "GRPCS":
		kind, scheme = "grpc", "grpcs"
	case "HTTPS":
		scheme = "https"
	}
	if kind == "proxy" {
		put("proxy_http_version 1.1")
		put("proxy_set_header Upgrade $http_upgrade")
		put("proxy_set_header Connection $connection_upgrade")
		put("proxy_set_header Host $http_host")
	}
	for _, name := range []string{"read", "send"} {
		put("%s_%s_timeout %ss", kind, name, orElse(i.setting("proxy-"+name+"-timeout"), "60"))
	}
	put("client_max_body_size %s", orElse(i.setting("proxy-body-size"), "1m"))
	text.WriteString(cors(i))
	target, cookie := w.backend(l)
	if target == "" {
		put("return 503")
		return text.String()
	}
	if cookie != "" {
		put("add_header Set-Cookie %s always", cookie)
	}
	put("%s_pass %s://%s", kind, scheme, target)
	return text.String()
}

// cors answers preflight requests and adds headers to other responses, as the template of ingress-nginx does.
func cors(i *ingress) string {
	if i.setting("enable-cors") != "true" {
		return ""
	}
	origins := orElse(i.setting("cors-allow-origin"), "*")
	var text strings.Builder
	if origins == "*" {
		text.WriteString("            set $cors_origin *;\n")
	} else {
		var patterns []string
		for _, each := range strings.Split(origins, ",") {
			pattern := regexp.QuoteMeta(strings.TrimSpace(each))
			patterns = append(patterns, "("+strings.Replace(pattern, `\*`, `[A-Za-z0-9\-]+`, 1)+")")
		}
		fmt.Fprintf(&text, "            set $cors_origin '';\n            if ($http_origin ~* \"(%s)$\") { set $cors_origin $http_origin; }\n",
			strings.Join(patterns, "|"))
	}
	headers := "            add_header Access-Control-Allow-Origin $cors_origin always;\n" +
		"            add_header Access-Control-Allow-Credentials $cors_credentials always;\n" +
		"            add_header Access-Control-Allow-Methods $cors_methods always;\n" +
		"            add_header Access-Control-Allow-Headers $cors_headers always;\n" +
		"            add_header Access-Control-Max-Age $cors_age always;\n"
	text.WriteString("            set $cors_credentials true;\n" +
		"            set $cors_methods \"GET, PUT, POST, DELETE, PATCH, OPTIONS\";\n" +
		"            set $cors_headers DNT,Keep-Alive,User-Agent,X-Requested-With,If-Modified-Since,Cache-Control,Content-Type,Range,Authorization;\n" +
		"            set $cors_age 1728000;\n" +
		"            if ($cors_origin = '') { set $cors_credentials ''; set $cors_methods ''; set $cors_headers ''; set $cors_age ''; }\n" +
		headers +
		"            if ($request_method = OPTIONS) {\n" + headers + "                return 204;\n            }\n")
	return text.String()
}

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// redirects is true if HTTP is redirected: by default if the host has a certificate.
func redirects(s *server, i *ingress) bool {
	return i.setting("force-ssl-redirect") == "true" || s.secret != nil && i.setting("ssl-redirect") != "false"
}

// certificate writes the certificate of the host.
func (w *writer) certificate(s *server) (string, error) {
	base := filepath.Join(w.directory, "default")
	if s.secret != nil {
		base = filepath.Join(w.directory, s.secret.Metadata.Namespace+"-"+s.secret.Metadata.Name)
		if err := os.WriteFile(base+".crt", s.secret.Data["tls.crt"], 0o600); err != nil {
			return "", err
		}
		if err := os.WriteFile(base+".key", s.secret.Data["tls.key"], 0o600); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("        ssl_certificate %[1]s.crt;\n        ssl_certificate_key %[1]s.key;\n", base), nil
}

// backend returns what requests of a location are passed to, and the variable of its cookie. Both are empty if the
// backend has no pods, and the cookie is if sessions are not sticky.
func (w *writer) backend(l *location) (target, cookie string) {
	namespace := l.ingress.Metadata.Namespace
	addresses := w.cluster.endpoints(namespace, &l.path.Backend)
	if len(addresses) == 0 {
		return "", ""
	}
	sticky, hash := l.ingress.setting("affinity") == "cookie", l.ingress.setting("upstream-hash-by")
	key := strings.Join([]string{namespace, l.path.Backend.Service.Name,
		fmt.Sprint(l.path.Backend.Service.Port), fmt.Sprint(sticky), hash,
		l.ingress.setting("session-cookie-path")}, " ")
	name := "b" + digest(key)
	if w.backends[name] == "" {
		w.backends[name] = key
		if sticky {
			w.sticky(name, l.ingress, addresses)
		} else {
			w.upstream(name, hash, addresses)
		}
	}
	if sticky {
		return "$peer_" + name, "$set_" + name
	}
	return name, ""
}

func digest(text string) string {
	sum := sha1.Sum([]byte(text))
	return hex.EncodeToString(sum[:6])
}

func (w *writer) upstream(name, hash string, addresses []string) {
	fmt.Fprintf(&w.upstreams, "    upstream %s {\n", name)
	if hash != "" {
		fmt.Fprintf(&w.upstreams, "        hash %q consistent;\n", hash)
	}
	for _, each := range addresses {
		fmt.Fprintf(&w.upstreams, "        server %s;\n", each)
	}
	w.upstreams.WriteString("    }\n")
}

// sticky writes a choice of a pod by the cookie, or by chance, and the cookie to set.
func (w *writer) sticky(name string, i *ingress, addresses []string) {
	cookie := orElse(i.setting("session-cookie-name"), "INGRESSCOOKIE")
	attributes := ""
	if age := i.setting("session-cookie-max-age"); age != "" {
		attributes = "; Max-Age=" + age
	}
	attributes += "; Path=" + orElse(i.setting("session-cookie-path"), "/") + "; HttpOnly"
	out := &w.upstreams
	fmt.Fprintf(out, "    split_clients $request_id $any_%s {\n", name)
	for n, each := range addresses {
		share := fmt.Sprintf("%.2f%%", 99.9/float64(len(addresses)))
		if n == len(addresses)-1 {
			share = "*"
		}
		fmt.Fprintf(out, "        %s %s;\n", share, each)
	}
	fmt.Fprintf(out, "    }\n    map $cookie_%s $peer_%s {\n        default $any_%s;\n", cookie, name, name)
	for _, each := range addresses {
		fmt.Fprintf(out, "        %s %s;\n", digest(each), each)
	}
	fmt.Fprintf(out, "    }\n    map $peer_%s $value_%s {\n", name, name)
	for _, each := range addresses {
		fmt.Fprintf(out, "        %s %s;\n", each, digest(each))
	}
	fmt.Fprintf(out, "    }\n    map $cookie_%s $set_%s {\n        default \"%s=$value_%s%s\";\n",
		cookie, name, cookie, name, attributes)
	for _, each := range addresses {
		fmt.Fprintf(out, "        %s \"\";\n", digest(each))
	}
	out.WriteString("    }\n")
}
