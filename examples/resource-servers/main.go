// A service that accepts the access tokens of bo-auth that are signed with ES256.
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v4"
)

var (
	url        = os.Getenv("BO_AUTH_URL")
	project    = os.Getenv("BO_AUTH_PROJECT")
	client     = &http.Client{Timeout: 5 * time.Second}
	errOutage  = errors.New("the key set is out of reach")
	errUnknown = errors.New("unknown key")
)

type claims struct {
	jwt.RegisteredClaims
	OwnerID string          `json:"owner_id"`
	SID     string          `json:"sid"`
	Cnf     json.RawMessage `json:"cnf"`
}

// keySet is read again after five minutes, and for an unknown key id, at most once per second.
type keySet struct {
	sync.Mutex
	keys      map[string]*ecdsa.PublicKey
	attempted time.Time
	loaded    time.Time
}

func (set *keySet) key(token *jwt.Token) (interface{}, error) {
	kid, _ := token.Header["kid"].(string)
	set.Lock()
	defer set.Unlock()
	key, known := set.keys[kid]
	if known && time.Since(set.loaded) < 5*time.Minute {
		return key, nil
	}
	if time.Since(set.attempted) > time.Second {
		set.attempted = time.Now()
		if keys, err := load(); err == nil {
			set.keys, set.loaded = keys, time.Now()
		} else if !known {
			return nil, errOutage
		}
	}
	// During an outage the keys that were read last stay in use.
	if key, known = set.keys[kid]; known {
		return key, nil
	}
	return nil, errUnknown
}

func load() (map[string]*ecdsa.PublicKey, error) {
	response, err := client.Get(url + "/.well-known/jwks.json?project=" + project)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	var set struct {
		Keys []struct{ Kid, Kty, Crv, X, Y string }
	}
	if response.StatusCode != 200 {
		return nil, errOutage
	}
	if err := json.NewDecoder(response.Body).Decode(&set); err != nil {
		return nil, err
	}
	keys := map[string]*ecdsa.PublicKey{}
	for _, key := range set.Keys {
		x, errX := base64.RawURLEncoding.DecodeString(key.X)
		y, errY := base64.RawURLEncoding.DecodeString(key.Y)
		if key.Kty == "EC" && key.Crv == "P-256" && errX == nil && errY == nil {
			keys[key.Kid] = &ecdsa.PublicKey{
				Curve: elliptic.P256(), X: new(big.Int).SetBytes(x), Y: new(big.Int).SetBytes(y),
			}
		}
	}
	return keys, nil
}

func main() {
	set := &keySet{}
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"ES256"}))
	http.HandleFunc("/", func(response http.ResponseWriter, request *http.Request) {
		token := strings.TrimPrefix(request.Header.Get("Authorization"), "Bearer ")
		var found claims
		_, err := parser.ParseWithClaims(token, &found, set.key)
		if errors.Is(err, errOutage) {
			response.Header().Set("Retry-After", "5")
			response.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		// cnf: bound to a key by DPoP, which this example does not check.
		if err != nil || found.OwnerID != project || found.Cnf != nil || found.ExpiresAt == nil ||
			!found.VerifyIssuer("RG3", true) || !found.VerifyAudience("api", true) {
			response.Header().Set("WWW-Authenticate", "Bearer")
			response.WriteHeader(http.StatusUnauthorized)
			return
		}
		response.Header().Set("Content-Type", "application/json")
		json.NewEncoder(response).Encode(map[string]string{"caller": found.Subject})
	})
	http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil)
}
