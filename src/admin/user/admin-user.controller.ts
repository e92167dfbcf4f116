import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Param,
  Patch,
  Post,
  Put,
  Query,
  UseGuards,
} from '@nestjs/common';
import { z } from 'zod';
import { ChainUnusable } from '../../audit/chain-state.js';
import { errors } from '../../response/error/error-catalogue.js';
import { Prepared } from '../../response/prepared.js';
import { ApiAdministration, ApiAdministrationCalls } from '../admin-api.js';
import type { Administrator } from '../administrator.js';
import { AdministratorGuard, CurrentAdministrator } from '../administrator.guard.js';
import { identifier, ownerId } from '../field.js';
import { described } from '../field-text.js';
import type { Page } from '../../response/page.js';
import { UserAdministration } from './user-administration.js';
import { UserSecondFactor } from './user-second-factor.js';
import {
  type NewUser,
  newUserSchema,
  type PasswordChange,
  passwordSchema,
  type UserChange,
  userChangeSchema,
  type UserListRequest,
  userListSchema,
} from './user-input.js';
import { type AdministeredSession, UserSessions } from '../session/user-sessions.js';
import { UserDeletion } from './user-deletion.js';
import { UserLocks } from './user-locks.js';
import type { UserView } from './user-view.js';
import { endedAnswer, sessionsAnswer } from '../session/session-answers.js';
import { resetAnswer, unlockedAnswer, userAnswer, usersAnswer } from './user-answers.js';

const projectPath = z.object(described({ ownerId }));
const userPath = z.object(described({ ownerId, userId: identifier }));
type UserPath = z.output<typeof userPath>;
const sessionPath = z.object(
  described({
    ownerId,
    userId: identifier,
    sessionId: z.string().regex(/^[0-9a-f]{16}$/, 'must be 16 lower-case hexadecimal digits'),
  }),
);

@ApiAdministrationCalls()
@Controller({ path: 'admin/projects/:ownerId/users', version: '3' })
@UseGuards(AdministratorGuard)
export class AdminUserController {
  constructor(
    private readonly users: UserAdministration,
    private readonly secondFactor: UserSecondFactor,
    private readonly locks: UserLocks,
    private readonly sessions: UserSessions,
    private readonly deletion: UserDeletion,
  ) {}

  @Get()
  @ApiAdministration(usersAnswer, {
    id: 'adminListUsers',
    summary: 'List users',
    errors: ['ADMIN_PROJECT_UNKNOWN'],
  })
  async list(
    @CurrentAdministrator() administrator: Administrator,
    @Param({ schema: projectPath }) path: z.output<typeof projectPath>,
    @Query({ schema: userListSchema }) query: UserListRequest,
  ): Promise<Prepared<Page<UserView>>> {
    return new Prepared(await this.users.list(administrator, path.ownerId, query));
  }

  @Post()
  @ApiAdministration(userAnswer, {
    id: 'adminAddUser',
    summary: 'Add a user',
    status: 201,
    errors: ['ADMIN_PROJECT_UNKNOWN', 'USER_EXISTS'],
  })
  async add(
    @CurrentAdministrator() administrator: Administrator,
    @Param({ schema: projectPath }) path: z.output<typeof projectPath>,
    @Body({ schema: newUserSchema }) body: NewUser,
  ): Promise<Prepared<UserView>> {
    return new Prepared(await this.users.add(administrator, path.ownerId, body));
  }

  @Get(':userId')
  @ApiAdministration(userAnswer, {
    id: 'adminShowUser',
    summary: 'Show a user',
    errors: ['USER_UNKNOWN'],
  })
  async show(
    @CurrentAdministrator() administrator: Administrator,
    @Param({ schema: userPath }) path: UserPath,
  ): Promise<Prepared<UserView>> {
    return new Prepared(await this.users.show(administrator, path.ownerId, path.userId));
  }

  @Patch(':userId')
  @ApiAdministration(userAnswer, {
    id: 'adminChangeUser',
    summary: 'Change a user',
    errors: ['USER_UNKNOWN', 'USER_EXISTS', 'LAST_DEVELOPER'],
  })
  async change(
    @CurrentAdministrator() administrator: Administrator,
    @Param({ schema: userPath }) path: UserPath,
    @Body({ schema: userChangeSchema }) body: UserChange,
  ): Promise<Prepared<UserView>> {
    return new Prepared(await this.users.change(administrator, path.ownerId, path.userId, body));
  }

  @Delete(':userId')
  @ApiAdministration(endedAnswer, {
    id: 'adminDeleteUser',
    summary: 'Delete a user and all sessions of the user; the audit trail keeps a pseudonym',
    errors: ['USER_UNKNOWN', 'LAST_DEVELOPER'],
  })
  async delete(
    @CurrentAdministrator() administrator: Administrator,
    @Param({ schema: userPath }) path: UserPath,
  ): Promise<Prepared<{ ended: number }>> {
    try {
      return new Prepared(await this.deletion.delete(administrator, path.ownerId, path.userId));
    } catch (error) {
      if (!(error instanceof ChainUnusable)) throw error;
      throw errors.UNAVAILABLE({ detail: 'the chain of the audit trail is unusable', cause: error });
    }
  }

  @Post(':userId/disable')
  @HttpCode(200)
  @ApiAdministration(userAnswer, {
    id: 'adminDisableUser',
    summary: 'Disable a user and end all sessions of the user',
    errors: ['USER_UNKNOWN', 'LAST_DEVELOPER'],
  })
  async disable(
    @CurrentAdministrator() administrator: Administrator,
    @Param({ schema: userPath }) path: UserPath,
  ): Promise<Prepared<UserView>> {
    return new Prepared(await this.users.disable(administrator, path.ownerId, path.userId));
  }

  @Post(':userId/enable')
  @HttpCode(200)
  @ApiAdministration(userAnswer, {
    id: 'adminEnableUser',
    summary: 'Enable a user',
    errors: ['USER_UNKNOWN'],
  })
  async enable(
    @CurrentAdministrator() administrator: Administrator,
    @Param({ schema: userPath }) path: UserPath,
  ): Promise<Prepared<UserView>> {
    return new Prepared(await this.users.enable(administrator, path.ownerId, path.userId));
  }

  @Post(':userId/unlock')
  @HttpCode(200)
  @ApiAdministration(unlockedAnswer, {
    id: 'adminUnlockUser',
    summary: 'Unlock a user after too many failed logins',
    errors: ['USER_UNKNOWN'],
  })
  async unlock(
    @CurrentAdministrator() administrator: Administrator,
    @Param({ schema: userPath }) path: UserPath,
  ): Promise<Prepared<{ unlocked: true }>> {
    return new Prepared(await this.locks.unlock(administrator, path.ownerId, path.userId));
  }

  @Put(':userId/password')
  @ApiAdministration(endedAnswer, {
    id: 'adminSetPassword',
    summary: 'Set the password of a user; ends all sessions unless `keepSessions` is set',
    errors: ['USER_UNKNOWN'],
  })
  async setPassword(
    @CurrentAdministrator() administrator: Administrator,
    @Param({ schema: userPath }) path: UserPath,
    @Body({ schema: passwordSchema }) body: PasswordChange,
  ): Promise<Prepared<{ ended: number }>> {
    return new Prepared(await this.users.setPassword(administrator, path.ownerId, path.userId, body));
  }

  @Delete(':userId/second-factor')
  @ApiAdministration(resetAnswer, {
    id: 'adminResetSecondFactor',
    summary: 'Remove the second factor of a user',
    errors: ['USER_UNKNOWN'],
  })
  async resetSecondFactor(
    @CurrentAdministrator() administrator: Administrator,
    @Param({ schema: userPath }) path: UserPath,
  ): Promise<Prepared<{ reset: boolean }>> {
    return new Prepared(await this.secondFactor.reset(administrator, path.ownerId, path.userId));
  }

  @Get(':userId/sessions')
  @ApiAdministration(sessionsAnswer, {
    id: 'adminListUserSessions',
    summary: 'List the active sessions of a user',
    errors: ['USER_UNKNOWN'],
  })
  async listSessions(
    @CurrentAdministrator() administrator: Administrator,
    @Param({ schema: userPath }) path: UserPath,
  ): Promise<Prepared<{ items: AdministeredSession[] }>> {
    return new Prepared(await this.sessions.list(administrator, path.ownerId, path.userId));
  }

  @Delete(':userId/sessions')
  @ApiAdministration(endedAnswer, {
    id: 'adminLogoutUser',
    summary: 'End all sessions of a user',
    errors: ['USER_UNKNOWN'],
  })
  async logout(
    @CurrentAdministrator() administrator: Administrator,
    @Param({ schema: userPath }) path: UserPath,
  ): Promise<Prepared<{ ended: number }>> {
    return new Prepared(await this.sessions.logout(administrator, path.ownerId, path.userId));
  }

  @Delete(':userId/sessions/:sessionId')
  @ApiAdministration(endedAnswer, {
    id: 'adminEndUserSession',
    summary: 'End one session of a user',
    errors: ['USER_UNKNOWN', 'SESSION_UNKNOWN'],
  })
  async endSession(
    @CurrentAdministrator() administrator: Administrator,
    @Param({ schema: sessionPath }) path: z.output<typeof sessionPath>,
  ): Promise<Prepared<{ ended: 1 }>> {
    return new Prepared(await this.sessions.end(administrator, path.ownerId, path.userId, path.sessionId));
  }
}
