import { z } from 'zod';
import { assertReadable } from './imported-password.js';
import { isPasswordHash } from './password-hash-format.js';
import { choice, fields, identifier, label, list, parameters, text } from '../field.js';
import { pageShape } from '../../response/page.js';

const PASSWORD_RULE = 'must be 8 to 1024 characters';
const HASH_RULE =
  'looks like a password hash: a hash belongs in passwordHash when the user is added, with its passwordFormat';

/** @see NIST SP 800-63B §3.1.1.2: a minimum length and no composition rules */
export const password = z
  .string(PASSWORD_RULE)
  .min(8, PASSWORD_RULE)
  .max(1024, PASSWORD_RULE)
  .refine((value) => !isPasswordHash(value), HASH_RULE);

const settings = {
  userName: text(1, 64),
  /** The `clientId` of logins that send none. */
  clientId: text(1, 64),
  pushName: text(0, 128),
  roleId: list(label),
  depId: list(label),
  /** The areas that the user is restricted to; empty: no restriction. */
  areaCode: list(identifier),
  jobId: list(label),
  /** The systems that the user is restricted to; empty: no restriction. */
  sysId: list(identifier),
  mergeUserId: list(identifier),
  /** 1: the user may administer the project. */
  developer: z.union([z.literal(0), z.literal(1)], 'must be 0 or 1'),
  openId: text(0, 128),
  wbId: text(0, 128),
  wxOpenId: text(0, 128),
  wxUnionId: text(0, 128),
  telephone: text(0, 32),
  headIcon: text(0, 512),
  mustChangePassword: z.boolean('must be true or false'),
};

const changeSchema = fields(settings).partial();

const patchSchema = fields({
  ...changeSchema.shape,
  /** `disabled` ends all sessions of the user. */
  status: choice(['active', 'disabled']).optional(),
  /** A new password ends all sessions of the user. */
  password: password.optional(),
});

export const userChangeSchema = patchSchema
  .refine((changes) => Object.keys(changes).length > 0, {
    path: ['body'],
    error: 'must hold at least one field',
  })
  .meta({ example: { pushName: 'Carol' } });
export type UserChange = z.output<typeof patchSchema>;

const newUser = fields({
  userId: identifier,
  ...changeSchema.shape,
  userName: settings.userName,
  /** Without this and `passwordHash`, the user cannot sign in until a password is set. */
  password: password.optional(),
  /** Users of another system keep their passwords. */
  passwordHash: text(1, 256).optional(),
  passwordFormat: text(1, 256).optional(),
  passwordSalt: text(1, 256).optional(),
});

export const newUserSchema = newUser.superRefine(assertReadable).meta({
  example: {
    userId: 'carol',
    userName: 'carol',
    clientId: 'shop-web',
    pushName: 'Carol',
    password: 'a-new-password',
  },
});
export type NewUser = z.output<typeof newUserSchema>;

export const passwordSchema = fields({
  password,
  /** Keep the sessions. By default they end, because someone else may have used the old password. */
  keepSessions: z.boolean('must be true or false').default(false),
  mustChangePassword: settings.mustChangePassword.optional(),
}).meta({ example: { password: 'a-new-password', keepSessions: false } });
export type PasswordChange = z.output<typeof passwordSchema>;

export const userListSchema = parameters({
  ...pageShape,
  /** Only the user with this login name. */
  userName: text(1, 64).optional(),
  /** Only users who are locked after too many failed logins. */
  locked: z.literal('true', 'must be true').optional(),
});
export type UserListRequest = z.output<typeof userListSchema>;

/** The default settings of a new user. */
export const USER_DEFAULTS = {
  roleId: [],
  depId: [],
  areaCode: [],
  jobId: [],
  sysId: [],
  mergeUserId: [],
  developer: 0,
  openId: '',
  wbId: '',
  wxOpenId: '',
  wxUnionId: '',
  telephone: '',
  headIcon: '',
};
