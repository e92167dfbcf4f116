import { applyDecorators } from '@nestjs/common';
import { z } from 'zod';
import { ApiBearerAuth, ApiOperation, ApiTags } from '../response/api-decorators.js';
import { ApiBearer, BEARER_ERRORS } from '../auth/bearer/api-bearer.decorator.js';
import { SIGNING_ALGORITHMS } from '../auth/access-token/signing-algorithm.js';
import { ApiEnvelope, BODY_ERRORS, EXAMPLE_TIME } from '../response/envelope/api-envelope.decorator.js';
import { EXAMPLE_GRANT } from '../auth/example-grant.js';
import { type TokenGrant, tokenGrantSchema } from '../auth/token-grant.js';
import type { ErrorCode } from '../response/error/error-catalogue.js';
import { ApiTenantHeaders } from '../tenancy/api-tenant-headers.decorator.js';
import type { Area } from '../tenancy/area/area.entity.js';
import {
  VERIFICATION_CIPHERS,
  VERIFICATION_ENCODINGS,
  VERIFICATION_PADDINGS,
} from '../tenancy/verification/verification-profile.js';
import { CLIENT_ID } from './client/client-input.js';
import type { ClientView, ClientViewWithSecret } from './client/client-view.js';
import { GRANT_TYPES } from '../auth/oauth-client/oauth-client.entity.js';
import type { AreaImported } from './import/area-import.js';
import type { EventView } from './event/event-log.js';
import { described } from './field-text.js';
import type { Page } from '../response/page.js';
import { LANGUAGES } from '../response/error/language.js';
import { DEFAULTS } from './project/project-input.js';
import type { ProjectView } from './project/project-view.js';
import type { SessionsImported } from './import/session-import.js';
import type { SigningKeyView } from './signing-key/signing-key-view.js';
import type { SystemView } from './system/system-administration.js';
import { USER_DEFAULTS } from './user/user-input.js';
import type { AdministeredSession } from './session/user-sessions.js';
import type { UserView } from './user/user-view.js';

const time = z.iso.datetime();
const at = new Date(EXAMPLE_TIME).toISOString();
const status = z.enum(['active', 'disabled']);
const texts = z.array(z.string());
const text = z.string();

/** A schema and an example of it. */
interface Shown<T> {
  readonly schema: z.ZodType<T & object>;
  readonly example: T;
}

const shown = <T extends object>(
  id: string,
  schema: z.ZodType<T>,
  example: z.output<z.ZodType<T>>,
): Shown<T> => ({
  schema: schema.meta({ id }),
  example,
});

const pageOf = <T>(id: string, { schema, example }: Shown<T>): Shown<Page<T>> =>
  shown<Page<T>>(
    id,
    z.object(described({ items: z.array(schema as z.ZodType<T>), nextCursor: text.nullable() })),
    { items: [example], nextCursor: null },
  );

const onOff = z.enum(['on', 'off']);
const project = shown<ProjectView>(
  'ProjectView',
  z.object(
    described({
      ownerId: text,
      name: text,
      status,
      statusMode: z.enum(['http', 'always200']),
      language: z.enum(LANGUAGES),
      timeZone: text,
      accessTokenSeconds: z.int(),
      refreshPolicy: z.enum(['reuse', 'rotate']),
      graceSeconds: z.int(),
      idleSeconds: z.int().nullable(),
      absoluteSeconds: z.int(),
      lostResponse: z.enum(['reissue', 'revoke']),
      maxSessions: z.int().nullable(),
      maxSessionsPerClient: z.int().nullable(),
      whenFull: z.enum(['replace', 'refuse']),
      loginMaxFailures: z.int(),
      loginLockSeconds: z.int(),
      allowedOrigins: texts,
      refreshTokenIn: z.enum(['body', 'cookie']),
      cookieSameSite: z.enum(['strict', 'lax', 'none']),
      secondFactor: z.enum(['off', 'optional', 'required']),
      passwordMinLength: z.int(),
      passwordMinClasses: z.int(),
      passwordMaxAgeDays: z.int().nullable(),
      passwordHistory: z.int(),
      passwordBlocklist: onOff,
      firstLoginChange: onOff,
      issuer: z.enum(['fixed', 'url']),
      audience: text,
      introspection: z.enum(['open', 'client']),
      dpopNonce: onOff,
      verifyCipher: z.enum(VERIFICATION_CIPHERS),
      verifyKey: text,
      verifyIv: text.nullable(),
      verifyPadding: z.enum(VERIFICATION_PADDINGS),
      verifyEncoding: z.enum(VERIFICATION_ENCODINGS),
      verifySkewSeconds: z.int(),
      verifyStampRequired: z.boolean(),
      verifyPreviousUntil: time.nullable(),
      createdAt: time,
    }),
  ),
  {
    ...DEFAULTS,
    allowedOrigins: ['https://admin.example.com'],
    ownerId: 'shop',
    name: 'Shop',
    status: 'active',
    verifyCipher: 'hmac-sha256',
    verifyKey: '********',
    verifyIv: null,
    verifyPreviousUntil: null,
    createdAt: at,
  },
);

const user = shown<UserView>(
  'UserView',
  z.object(
    described({
      userId: text,
      userName: text,
      status,
      clientId: text,
      pushName: text,
      roleId: texts,
      depId: texts,
      areaCode: texts,
      jobId: texts,
      sysId: texts,
      mergeUserId: texts,
      developer: z.literal([0, 1]),
      openId: text,
      wbId: text,
      wxOpenId: text,
      wxUnionId: text,
      telephone: text,
      headIcon: text,
      secondFactorEnrolled: z.boolean(),
      mustChangePassword: z.boolean(),
      passwordSetAt: time.nullable(),
      validAfter: time.nullable(),
      createdAt: time,
    }),
  ),
  {
    ...USER_DEFAULTS,
    developer: 0,
    userId: 'carol',
    userName: 'carol',
    status: 'active',
    clientId: 'shop-web',
    pushName: 'Carol',
    secondFactorEnrolled: false,
    mustChangePassword: false,
    passwordSetAt: at,
    validAfter: null,
    createdAt: at,
  },
);

const system = shown<SystemView>('SystemView', z.object(described({ sysId: text, name: text })), {
  sysId: 'crm',
  name: 'Customers',
});

const clientFields = {
  clientId: text.describe(CLIENT_ID),
  name: text,
  type: z.enum(['public', 'confidential']),
  grants: z.array(z.enum(GRANT_TYPES)),
  scopes: texts,
  dpop: z.enum(['optional', 'required']),
  previousSecretUntil: time.nullable(),
  createdAt: time,
};
const exampleClient: ClientView = {
  clientId: 'orders',
  name: 'Orders',
  type: 'confidential',
  grants: ['client_credentials'],
  scopes: ['orders'],
  dpop: 'optional',
  previousSecretUntil: null,
  createdAt: at,
};
const client = shown<ClientView>('ClientView', z.object(described(clientFields)), exampleClient);
const clientWithSecret = shown<ClientViewWithSecret>(
  'ClientViewWithSecret',
  z.object(described({ ...clientFields, clientSecret: text.optional() })),
  { ...exampleClient, clientSecret: '…' },
);

const area = shown<Area>(
  'Area',
  z.object(described({ areaCode: text, parentCode: text.nullable(), name: text })),
  { areaCode: '310000', parentCode: null, name: '上海市' },
);

const event = shown<EventView>(
  'EventView',
  z.object(
    described({
      id: z.int(),
      at: time,
      ownerId: text,
      userId: text,
      sessionId: text
        .nullable()
        .describe('The session id. null: the event concerns all sessions of the user, or none.'),
      kind: text as unknown as z.ZodType<EventView['kind']>,
      detail: z.record(text, z.union([text, z.number(), z.null()])),
    }),
  ),
  {
    id: 1,
    at,
    ownerId: 'shop',
    userId: 'carol',
    sessionId: '7f3a9c02d4e1b865',
    kind: 'login',
    detail: { ip: '192.0.2.10' },
  },
);

const sessions = shown<{ items: AdministeredSession[] }>(
  'AdministeredSessionList',
  z.object(
    described({
      items: z.array(
        z.object(
          described({
            sessionId: text,
            clientId: text,
            createdAt: time,
            lastRefreshedAt: time,
            expiresAt: time,
            ip: text,
            userAgent: text,
          }),
        ),
      ),
    }),
  ),
  {
    items: [
      {
        sessionId: '7f3a9c02d4e1b865',
        clientId: 'shop-web',
        createdAt: at,
        lastRefreshedAt: at,
        expiresAt: at,
        ip: '192.0.2.10',
        userAgent: 'Mozilla/5.0',
      },
    ],
  },
);

const signingKey = shown<SigningKeyView>(
  'SigningKeyView',
  z.object(
    described({
      kid: text,
      algorithm: z.enum(SIGNING_ALGORITHMS),
      status: z
        .enum(['published', 'signing', 'retired'])
        .describe('`published` (verifies only), `signing` or `retired`.'),
      publishedAt: time,
      signingAt: time.nullable(),
      promotableAt: time.nullable(),
      retirableAt: time.nullable(),
      retiredAt: time.nullable(),
    }),
  ),
  {
    kid: 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs',
    algorithm: 'ES256',
    status: 'signing',
    publishedAt: at,
    signingAt: at,
    promotableAt: null,
    retirableAt: null,
    retiredAt: null,
  },
);

const signingKeys = shown<{ items: SigningKeyView[] }>(
  'SigningKeyList',
  z.object(described({ items: z.array(signingKey.schema as z.ZodType<SigningKeyView>) })),
  { items: [signingKey.example] },
);

const grant: Shown<TokenGrant> = { schema: tokenGrantSchema, example: EXAMPLE_GRANT };

const refused = z.array(z.object(described({ line: z.int(), reason: text })));
const ONE_REFUSED = [{ line: 3, reason: 'the project has no such user' }];

/** The response data of the administration calls. */
export const answers = {
  project,
  projects: pageOf('ProjectPage', project),
  user,
  users: pageOf('UserPage', user),
  system,
  systems: pageOf('SystemPage', system),
  client,
  clientWithSecret,
  clients: pageOf('ClientPage', client),
  areas: pageOf('AreaPage', area),
  events: pageOf('EventPage', event),
  sessions,
  signingKey,
  signingKeys,
  grant,
  ended: shown('SessionsEnded', z.object(described({ ended: z.int() })), { ended: 1 }),
  unlocked: shown('UserUnlocked', z.object(described({ unlocked: z.literal(true) })), {
    unlocked: true as const,
  }),
  reset: shown('SecondFactorReset', z.object(described({ reset: z.boolean() })), { reset: true }),
  removed: shown('SystemRemoved', z.object(described({ removed: z.literal(1) })), { removed: 1 as const }),
  clientRemoved: shown('ClientRemoved', z.object(described({ removed: z.literal(1) })), {
    removed: 1 as const,
  }),
  areasImported: shown<AreaImported>(
    'AreasImported',
    z.object(
      described({
        imported: z.int(),
        moved: z.int(),
        refused,
        detached: z.object(described({ count: z.int(), first: texts })),
      }),
    ),
    { imported: 2, moved: 0, refused: [], detached: { count: 0, first: [] } },
  ),
  sessionsImported: shown<SessionsImported>(
    'SessionsImported',
    z.object(described({ imported: z.int(), existing: z.int(), refused })),
    { imported: 2, existing: 0, refused: ONE_REFUSED },
  ),
} as const;

const WHO = 'Requires the access token of a developer of the project, or the token of the platform operator.';

export interface AdministrationCall {
  /** The operationId. */
  readonly id: string;
  readonly summary: string;
  /** 200, or 201 if the call creates something. */
  readonly status?: 200 | 201;
  readonly errors?: readonly ErrorCode[];
}

/** Documents one administration call. */
export const ApiAdministration = <T>(
  { schema, example }: Shown<T>,
  { id, summary, status: success = 200, errors = [] }: AdministrationCall,
) =>
  applyDecorators(
    ApiOperation({ operationId: id, summary, description: WHO }),
    ApiEnvelope(schema, {
      example: example as T & object,
      status: success,
      errors: [...BEARER_ERRORS, ...BODY_ERRORS, 'ADMIN_FORBIDDEN', 'URL_TOO_LONG', ...errors],
    }),
  );

/** The name of the operator's security scheme in the documentation. */
export const OPERATOR_SCHEME = 'operator';

/** Documents an administration controller. */
export const ApiAdministrationCalls = () =>
  applyDecorators(ApiTags('Administration'), ApiTenantHeaders(), ApiBearer(), ApiBearerAuth(OPERATOR_SCHEME));
