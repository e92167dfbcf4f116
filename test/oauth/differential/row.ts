/** A proof of possession, each part replaceable. */
export interface Proof {
  /** Default: `own`, the key of the bound tokens. */
  readonly key?: 'own' | 'other';
  /** Replaces claims; `undefined` leaves one out. `htu` is below the issuer. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** `iat`, in seconds from now. */
  readonly age?: number;
  readonly header?: Readonly<Record<string, unknown>>;
  readonly signature?: 'none' | 'HS256' | 'broken';
  /** Another access token than the one that is sent; `null`: no `ath`. */
  readonly ath?: string | null;
  readonly nonce?: 'of the server' | 'another';
  readonly isSentTwice?: boolean;
}

export interface Step {
  readonly to: 'token' | 'revoke' | 'introspect' | 'user';
  /** Default: POST, and GET for `user`. */
  readonly method?: string;
  /** The `Authorization` header. Default: HTTP Basic by `shop`; `null`: none. */
  readonly as?: string | null;
  /** Default: a form; `null`: no `Content-Type`. */
  readonly type?: string | null;
  readonly body?: string;
  /** Follows the URL, with its `?`. */
  readonly query?: string;
  /** Whether the scope of the answer counts. */
  readonly isAboutScope?: boolean;
  /** A text is sent as it is. */
  readonly proof?: Proof | string;
}

/**
 * A request to both servers. `{kind:client}` in a text stands for a secret or a token of that client, the same one in all
 * steps of a row: `secret`, `basic`, `refresh`, `access`, `service`, `bound` (a refresh token bound to the own key),
 * `bound-access`.
 */
export interface Row extends Step {
  readonly name: string;
  /** What is sent before; its answers do not count. */
  readonly before?: readonly Step[];
  /** Whether both servers demand nonces. */
  readonly needsNonce?: boolean;
  /** Why the answers differ, in one line. */
  readonly difference?: string;
}

export interface Group {
  readonly title: string;
  /** Headers that differ throughout, and why. */
  readonly standing?: {
    readonly headers: readonly ('Cache-Control' | 'Content-Type')[];
    readonly why: string;
  };
  readonly rows: readonly Row[];
}
