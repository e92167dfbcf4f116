import { ApiHeaders } from '../../response/api-decorators.js';

const header = (description: string) =>
  ApiHeaders([
    {
      name: 'DPoP',
      required: false,
      description,
      schema: { type: 'string', maxLength: 4096, pattern: String.raw`^[\w-]+\.[\w-]+\.[\w-]+$` },
    },
  ]);

/** Documents the proof of a call that opens a session. */
export const ApiDpopBinding = () =>
  header(
    'A DPoP proof (RFC 9449). With it, the session is bound to the key of the proof: its tokens are good only with further proofs by that key.',
  );

/** Documents the proof of a call that takes a refresh token. */
export const ApiDpopRefresh = () =>
  header(
    'A DPoP proof (RFC 9449) by the key of the session. Required for a bound session, otherwise ignored.',
  );

/** Documents the proof of a call that takes an access token. */
export const ApiDpopAccess = () =>
  header(
    'A DPoP proof (RFC 9449) with `ath`. Required for an access token of a bound session, which is sent as `Authorization: DPoP …`.',
  );
