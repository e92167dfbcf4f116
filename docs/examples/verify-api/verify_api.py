"""Prints a new XverifyApi value: python3 verify_api.py <hmac-sha256|des-ecb|des-cbc> <key> [iv]

DES needs PyCryptodome: pip install pycryptodomex, or apt install python3-pycryptodome.
"""

import base64
import hashlib
import hmac
import sys
import time
import uuid


def verify_api(cipher, key, iv=""):
    text = f"{uuid.uuid4()}|{time.time_ns() // 1_000_000}"
    if cipher == "hmac-sha256":
        mac = hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()
        return f"{text}.{base64.b64encode(mac).decode()}"
    from Cryptodome.Cipher import DES
    from Cryptodome.Util.Padding import pad

    if cipher == "des-cbc":
        des = DES.new(des_bytes(key), DES.MODE_CBC, iv=des_bytes(iv))
    else:
        des = DES.new(des_bytes(key), DES.MODE_ECB)
    return base64.b64encode(des.encrypt(pad(text.encode(), 8))).decode()


def des_bytes(text):
    """The key rule: UTF-8, filled with zero bytes or cut to 8 bytes."""
    return text.encode().ljust(8, b"\0")[:8]


if __name__ == "__main__":
    print(verify_api(*sys.argv[1:]))
