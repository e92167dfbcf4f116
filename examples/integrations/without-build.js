// A page without a build step: after bo-auth.js and bo-auth-des.js, in a <script> of its own.
globalThis.loginAuth = boAuth.createLoginAuth({
  baseUrl: boAuth.baseUrl ?? '/bo/api/v3',
  ownerId: 'acme',
  verify: boAuth.desVerify('acme-key'),
});

/** For jQuery: `$.ajax` with the access token, repeated once if that is refused. */
globalThis.ajax = (settings) =>
  loginAuth.send(
    (token) =>
      new Promise((resolve) => {
        const headers = { ...settings.headers, ...(token && { Authorization: `Bearer ${token}` }) };
        $.ajax({ ...settings, headers, complete: resolve });
      }),
    ({ status }) => status === 401,
  );
