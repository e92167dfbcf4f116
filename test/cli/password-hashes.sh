#!/bin/sh
# Prints password-hashes.csv: users as other systems would export them, hashed by tools that share no code with bo-auth.
# The password of each is the user name followed by "-Pässwort", except that of JeecgBoot's own demo user, 123456.
#
#   apt-get install apache2-utils argon2 openssl python3-bcrypt python3-passlib
#   sh test/cli/password-hashes.sh > test/cli/password-hashes.csv
set -eu
number=0

row() { # name, hash, format, salt
  number=$((number + 1))
  printf 'h%s,%s,"%s","%s",%s\n' "$number" "$1" "$2" "$3" "${4-}"
}
password() { printf '%s-Pässwort' "$1"; }
python() { /usr/bin/python3 -c "import base64, bcrypt, hashlib, os, struct, sys; from passlib import hash
password = (sys.argv[1] + '-Pässwort').encode()
md5 = lambda text: hashlib.md5(text).hexdigest()
$2" "$1"; }

echo 'userId,user_name,password_hash,password_format,password_salt'

row argon "$(password argon | argon2 salt-of-argon -id -e -t 3 -k 4096 -p 1)" argon2id
row bcrypt-a "$(python bcrypt-a 'print(bcrypt.hashpw(password, bcrypt.gensalt(10, b"2a")).decode())')" bcrypt
row bcrypt-b "{bcrypt}$(python bcrypt-b 'print(bcrypt.hashpw(password, bcrypt.gensalt(5)).decode())')" bcrypt
row bcrypt-y "$(htpasswd -nbB -C 5 x "$(password bcrypt-y)" | cut -d: -f2)" bcrypt

row pbkdf2-passlib "$(python pbkdf2-passlib 'print(hash.pbkdf2_sha256.hash(password))')" pbkdf2
row pbkdf2-sha1 "$(python pbkdf2-sha1 'print(hash.pbkdf2_sha1.using(rounds=1000).hash(password))')" pbkdf2
row pbkdf2-phc "$(python pbkdf2-phc '
b64 = lambda data: base64.b64encode(data).decode().rstrip("=")
salt = os.urandom(16)
print("$pbkdf2-sha512$i=1000,l=40$" + b64(salt) + "$" + b64(hashlib.pbkdf2_hmac("sha512", password, salt, 1000, 40)))')" pbkdf2
row pbkdf2-openssl "\$pbkdf2-sha256\$i=1000\$c2FsdHNhbHQ\$$(
  openssl kdf -binary -keylen 32 -kdfopt digest:SHA256 -kdfopt pass:"$(password pbkdf2-openssl)" \
    -kdfopt salt:saltsalt -kdfopt iter:1000 PBKDF2 | base64
)" pbkdf2
row asp-net "$(python asp-net '
salt = os.urandom(16)
key = hashlib.pbkdf2_hmac("sha512", password, salt, 100000, 32)
print(base64.b64encode(struct.pack(">BIII", 1, 2, 100000, 16) + salt + key).decode())')" pbkdf2

row md5 "$(password md5 | openssl dgst -md5 -r | cut -c1-32)" 'md5(password)'
row MD5 "$(password MD5 | openssl dgst -md5 -r | cut -c1-32 | tr a-f A-F)" 'md5(password)'
row 张三 "$(python 张三 'print(md5(sys.argv[1].encode() + password + b"5f3a91"))')" 'md5(username + password + salt)' 5f3a91
row md5-md5 "$(python md5-md5 'print(md5(md5(password).encode() + b"x1Y2"))')" 'md5(md5(password)+salt)' x1Y2
row sha1-md5 "$(password sha1-md5 | openssl dgst -md5 -r | cut -c1-32 | tr -d '\n' | openssl dgst -sha1 -r | cut -c1-40)" 'sha1(md5(password))'
row shiro "$(python shiro '
digest = hashlib.sha256(b"YzcmCZNvbXocrsz9" + password).digest()
for _ in range(1023): digest = hashlib.sha256(digest).digest()
print(digest.hex())')" 'sha256(salt+password)^1024' YzcmCZNvbXocrsz9
row sha512 "$(printf "%s o'pepper" "$(password sha512)" | openssl dgst -sha512 -binary | base64 -w 0)" "sha512(password + ' o''pepper')"
row sm3 "$(password sm3 | openssl dgst -sm3 -r | cut -c1-64)" 'sm3(password)'

# PBKDF1 by Python, DES by OpenSSL. Java takes only ASCII for the password of a PBE key.
derived=$(/usr/bin/python3 -c '
import hashlib
digest = b"jeecg-password" + b"a1B2c3D4"
for _ in range(1000): digest = hashlib.md5(digest).digest()
print(digest.hex())')
row jeecg "$(
  printf jeecg | openssl enc -des-cbc -provider legacy -provider default -K "${derived%????????????????}" -iv "${derived#????????????????}" | od -An -tx1 | tr -d ' \n'
)" jeecg a1B2c3D4
# From jeecgboot-mysql-5.7.sql of JeecgBoot: its user admin with the password 123456.
row admin cb362cfeefbf3d8d jeecg RCGTeGiH
