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
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Reply } from '../response/reply.js';
import type { Administrator } from './administrator.js';
import { AdministratorGuard, CurrentAdministrator } from './administrator.guard.js';
import { identifier, ownerId } from './field.js';
import type { Page } from './page.js';
import { UserAdministration } from './user-administration.js';
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
import { type AdministeredSession, UserSessions } from './user-sessions.js';
import type { UserView } from './user-view.js';

const projectPath = z.object({ ownerId });
const userPath = z.object({ ownerId, userId: identifier });
type UserPath = z.output<typeof userPath>;
const sessionPath = z.object({
  ownerId,
  userId: identifier,
  sessionId: z.string().regex(/^[0-9a-f]{16}$/, 'must be 16 lower-case hexadecimal digits'),
});

@ApiTags('administration')
@Controller({ path: 'admin/projects/:ownerId/users', version: '3' })
@UseGuards(AdministratorGuard)
export class AdminUserController {
  constructor(
    private readonly users: UserAdministration,
    private readonly sessions: UserSessions,
  ) {}

  @Get()
  @ApiOperation({ summary: 'List the users of a project' })
  async list(
    @CurrentAdministrator() administrator: Administrator,
    @Param({ schema: projectPath }) path: z.output<typeof projectPath>,
    @Query({ schema: userListSchema }) query: UserListRequest,
  ): Promise<Reply<Page<UserView>>> {
    return new Reply(await this.users.list(administrator, path.ownerId, query));
  }

  @Post()
  @ApiOperation({ summary: 'Add a user' })
  async add(
    @CurrentAdministrator() administrator: Administrator,
    @Param({ schema: projectPath }) path: z.output<typeof projectPath>,
    @Body({ schema: newUserSchema }) body: NewUser,
  ): Promise<Reply<UserView>> {
    return new Reply(await this.users.add(administrator, path.ownerId, body));
  }

  @Get(':userId')
  @ApiOperation({ summary: 'Show a user' })
  async show(
    @CurrentAdministrator() administrator: Administrator,
    @Param({ schema: userPath }) path: UserPath,
  ): Promise<Reply<UserView>> {
    return new Reply(await this.users.show(administrator, path.ownerId, path.userId));
  }

  @Patch(':userId')
  @ApiOperation({ summary: 'Change a user' })
  async change(
    @CurrentAdministrator() administrator: Administrator,
    @Param({ schema: userPath }) path: UserPath,
    @Body({ schema: userChangeSchema }) body: UserChange,
  ): Promise<Reply<UserView>> {
    return new Reply(await this.users.change(administrator, path.ownerId, path.userId, body));
  }

  @Post(':userId/disable')
  @HttpCode(200)
  @ApiOperation({ summary: 'Disable a user; all his sessions end' })
  async disable(
    @CurrentAdministrator() administrator: Administrator,
    @Param({ schema: userPath }) path: UserPath,
  ): Promise<Reply<UserView>> {
    return new Reply(await this.users.disable(administrator, path.ownerId, path.userId));
  }

  @Post(':userId/enable')
  @HttpCode(200)
  @ApiOperation({ summary: 'Enable a user' })
  async enable(
    @CurrentAdministrator() administrator: Administrator,
    @Param({ schema: userPath }) path: UserPath,
  ): Promise<Reply<UserView>> {
    return new Reply(await this.users.enable(administrator, path.ownerId, path.userId));
  }

  @Put(':userId/password')
  @ApiOperation({ summary: 'Set the password of a user; by default all his sessions end' })
  async setPassword(
    @CurrentAdministrator() administrator: Administrator,
    @Param({ schema: userPath }) path: UserPath,
    @Body({ schema: passwordSchema }) body: PasswordChange,
  ): Promise<Reply<{ ended: number }>> {
    return new Reply(await this.users.setPassword(administrator, path.ownerId, path.userId, body));
  }

  @Get(':userId/sessions')
  @ApiOperation({ summary: 'List the living sessions of a user' })
  async listSessions(
    @CurrentAdministrator() administrator: Administrator,
    @Param({ schema: userPath }) path: UserPath,
  ): Promise<Reply<{ items: AdministeredSession[] }>> {
    return new Reply(await this.sessions.list(administrator, path.ownerId, path.userId));
  }

  @Delete(':userId/sessions')
  @ApiOperation({ summary: 'Log a user out everywhere' })
  async logout(
    @CurrentAdministrator() administrator: Administrator,
    @Param({ schema: userPath }) path: UserPath,
  ): Promise<Reply<{ ended: number }>> {
    return new Reply(await this.sessions.logout(administrator, path.ownerId, path.userId));
  }

  @Delete(':userId/sessions/:sessionId')
  @ApiOperation({ summary: 'End one session of a user' })
  async endSession(
    @CurrentAdministrator() administrator: Administrator,
    @Param({ schema: sessionPath }) path: z.output<typeof sessionPath>,
  ): Promise<Reply<{ ended: 1 }>> {
    return new Reply(await this.sessions.end(administrator, path.ownerId, path.userId, path.sessionId));
  }
}
