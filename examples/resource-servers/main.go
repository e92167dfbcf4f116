// A resource server: go-jose (Debian's golang-gopkg-square-go-jose.v2-dev), and the standard library.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	jose "gopkg.in/square/go-jose.v2"
	"gopkg.in/square/go-jose.v2/jwt"
)

const (
	audience   = "api"
	maxStale   = 60 * time.Second
	maxKeyAge  = 5 * time.Minute
	minRefetch = time.Second
	page       = 1000 // The most entries that an answer of the feed has.
)

var (
	authURL        = os.Getenv("BO_AUTH_URL")
	project        = os.Getenv("BO_AUTH_PROJECT")
	base           = authURL + "/bo/api/v3/oauth/" + project
	errUnavailable = errors.New("whether the token is good cannot be said now")
	errRefused     = errors.New("invalid_token")
)

type claims struct {
	jwt.Claims
	ID      string          `json:"id"`
	Session string          `json:"sid"`
	Owner   string          `json:"owner_id"`
	Bound   json.RawMessage `json:"cnf"`
}

// keySet holds the project's public keys. It reads them every five minutes, and when a token names an unknown one, but at
// most once a second.
type keySet struct {
	mutex   sync.Mutex
	keys    jose.JSONWebKeySet
	readAt  time.Time
	triedAt time.Time
	err     error
}

func (set *keySet) find(kid string) (*jose.JSONWebKey, error) {
	set.mutex.Lock()
	defer set.mutex.Unlock()
	isDue := len(set.keys.Key(kid)) == 0 || time.Since(set.readAt) > maxKeyAge
	if isDue && time.Since(set.triedAt) >= minRefetch {
		set.triedAt = time.Now()
		var keys jose.JSONWebKeySet
		if keys, set.err = readKeys(); set.err == nil {
			set.keys, set.readAt = keys, time.Now()
		}
	}
	// During an outage the keys that were read last stay in use.
	if found := set.keys.Key(kid); len(found) > 0 {
		return &found[0], nil
	}
	if set.err != nil {
		return nil, errUnavailable
	}
	return nil, errRefused
}

func readKeys() (keys jose.JSONWebKeySet, err error) {
	client := http.Client{Timeout: 5 * time.Second}
	response, err := client.Get(authURL + "/.well-known/jwks.json?project=" + url.QueryEscape(project))
	if err != nil {
		return keys, err
	}
	defer response.Body.Close()
	if response.StatusCode != 200 {
		return keys, errUnavailable
	}
	return keys, json.NewDecoder(response.Body).Decode(&keys)
}

// feed knows which sessions have ended, and which users were logged out everywhere.
type feed struct {
	mutex  sync.RWMutex
	ended  map[string]int64
	users  map[string]int64
	readAt time.Time
}

type answer struct {
	Cursor string
	Ended  []struct {
		Sid string
		Exp int64
	}
	Users []struct {
		ID     string
		Before int64
	}
}

func (feed *feed) follow(clientID, clientSecret string) {
	cursor, wait := "", 0
	for {
		got, response, err := read(clientID, clientSecret, cursor, wait)
		if err != nil || response.StatusCode != 200 {
			pause := 1
			if response != nil {
				if response.StatusCode == 410 { // The cursor is too old. What is known stays true.
					cursor = ""
				}
				if after, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil {
					pause = after
				}
			}
			wait = 0
			time.Sleep(time.Duration(pause) * time.Second)
			continue
		}
		cursor = got.Cursor
		isComplete := len(got.Ended)+len(got.Users) < page
		feed.mutex.Lock()
		for _, entry := range got.Ended {
			feed.ended[entry.Sid] = entry.Exp
		}
		for _, entry := range got.Users {
			feed.users[entry.ID] = entry.Before
		}
		for sid, exp := range feed.ended {
			if exp+60 < time.Now().Unix() {
				delete(feed.ended, sid)
			}
		}
		for id, before := range feed.users {
			if before/1000+86400 < time.Now().Unix() {
				delete(feed.users, id)
			}
		}
		if isComplete {
			feed.readAt = time.Now()
		}
		feed.mutex.Unlock()
		if wait = 0; isComplete {
			wait = 25
		}
	}
}

func read(clientID, clientSecret, cursor string, wait int) (got answer, response *http.Response, err error) {
	query := url.Values{"wait": {fmt.Sprint(wait)}}
	if cursor != "" {
		query.Set("after", cursor)
	}
	request, err := http.NewRequest("GET", base+"/revocations?"+query.Encode(), nil)
	if err != nil {
		return got, nil, err
	}
	request.SetBasicAuth(url.QueryEscape(clientID), url.QueryEscape(clientSecret))
	client := http.Client{Timeout: time.Duration(wait+5) * time.Second}
	response, err = client.Do(request)
	if err != nil {
		return got, nil, err
	}
	defer response.Body.Close()
	if response.StatusCode == 200 {
		err = json.NewDecoder(response.Body).Decode(&got)
	}
	return got, response, err
}

func (feed *feed) judge(token claims) error {
	feed.mutex.RLock()
	defer feed.mutex.RUnlock()
	if _, ended := feed.ended[token.Session]; ended {
		return errRefused
	}
	if token.IssuedAt.Time().UnixMilli() < feed.users[token.ID] {
		return errRefused
	}
	if time.Since(feed.readAt) > maxStale {
		return errUnavailable
	}
	return nil
}

// verify returns the claims of a user's token.
func verify(text string, keys *keySet, feed *feed) (token claims, err error) {
	parsed, err := jwt.ParseSigned(text)
	// Name the algorithms of the project's keys, and never HS256 besides them.
	if err != nil || len(parsed.Headers) != 1 || parsed.Headers[0].Algorithm != "ES256" {
		return token, errRefused
	}
	key, err := keys.find(parsed.Headers[0].KeyID)
	if err != nil {
		return token, err
	}
	if parsed.Claims(key.Key, &token) != nil {
		return token, errRefused
	}
	isIssuer := token.Issuer == "RG3" || token.Issuer == base
	expected := jwt.Expected{Audience: jwt.Audience{audience}, Time: time.Now()}
	if token.Expiry == nil || token.IssuedAt == nil || token.ValidateWithLeeway(expected, 5*time.Second) != nil {
		return token, errRefused
	}
	// A token without a session is that of a service; one with cnf needs a DPoP proof, which this server does not take.
	if !isIssuer || token.Owner != project || token.Session == "" || token.Bound != nil {
		return token, errRefused
	}
	return token, feed.judge(token)
}

func main() {
	keys := &keySet{}
	feed := &feed{ended: map[string]int64{}, users: map[string]int64{}}
	go feed.follow(os.Getenv("BO_AUTH_CLIENT"), os.Getenv("BO_AUTH_SECRET"))
	http.HandleFunc("/", func(response http.ResponseWriter, request *http.Request) {
		scheme, text, _ := strings.Cut(request.Header.Get("Authorization"), " ")
		token, err := claims{}, errRefused
		if strings.EqualFold(scheme, "bearer") {
			token, err = verify(text, keys, feed)
		}
		switch err {
		case nil:
			json.NewEncoder(response).Encode(map[string]string{"user": token.ID})
		case errUnavailable:
			response.Header().Set("Retry-After", "1")
			http.Error(response, err.Error(), 503)
		default:
			response.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
			http.Error(response, errRefused.Error(), 401)
		}
	})
	panic(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}
