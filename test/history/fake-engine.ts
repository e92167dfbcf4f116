/**
 * A small in-memory token engine that keeps every invariant, and variants that each break one, to test the checker. It
 * shares only the rules with the real engine, no code.
 */
export type Flaw =
  | 'forked successors'
  | 'fresh successor on replay'
  | 'parent allowed for ever'
  | 'no grace'
  | 'resurrection after reuse'
  | 'reuse unseen'
  | 'falling number'
  | 'success after revocation'
  | 'revocation forgotten at a crash'
  | 'spurious 401'
  | 'newest refused as superseded'
  | 'another user'
  | 'another session'
  | 'expiry moves'
  | 'other project honoured'
  | 'tampered token honoured'
  | 'spurious 500'
  | 'commit lost for ever';

export interface FakeProject {
  readonly grace: number;
}

class FakeFamily {
  tip: FakeToken;
  parent?: FakeToken;
  rotatedAt: number;
  revokedAt?: number;
  reused?: boolean;

  constructor(
    readonly sessionId: string,
    readonly project: string,
    readonly user: string,
    readonly began: number,
    first: (family: FakeFamily) => FakeToken,
  ) {
    this.rotatedAt = began;
    this.tip = first(this);
  }
}

interface FakeToken {
  readonly text: string;
  readonly family: FakeFamily;
  readonly number: number;
  readonly parent?: FakeToken;
  displacements: number;
  supersededAt?: number;
}

export interface FakeGrant {
  readonly refreshToken: string;
  readonly tokenSeq: number;
  readonly project: string;
  readonly user: string;
  readonly sessionId: string;
  readonly began: number;
  readonly expires: string;
}

export type FakeAnswer =
  | { readonly status: 200; readonly grant: FakeGrant }
  | { readonly status: 200 | 401 | 409 | 500; readonly code: string };

const refused: FakeAnswer = { status: 401, code: 'REFRESH_TOKEN_INVALID' };

export class FakeEngine {
  private readonly tokens = new Map<string, FakeToken>();
  private readonly sessions = new Map<string, FakeFamily>();
  private counter = 0;

  /**
   * @param now in ms
   * @param random returns a number in [0, 1), which decides when a flaw shows
   */
  constructor(
    private readonly projects: Readonly<Record<string, FakeProject>>,
    private readonly now: () => number,
    private readonly random: () => number,
    private readonly flaw?: Flaw,
  ) {}

  login(project: string, user: string): FakeAnswer {
    const id = `session-${++this.counter}`;
    const family = new FakeFamily(id, project, user, this.now(), (owner) => this.issue(owner, 1));
    this.sessions.set(family.sessionId, family);
    return this.grant(family.tip);
  }

  /** Two steps for the flaw that needs a gap between reading and writing; the correct engine uses one. */
  async refresh(project: string, text: string, gap: () => Promise<void>): Promise<FakeAnswer> {
    if (this.flaw !== 'forked successors') return this.decide(project, text);
    const token = this.tokens.get(text);
    const wasTip = token !== undefined && token.family.tip === token && token.family.revokedAt === undefined;
    await gap();
    if (wasTip && token.family.tip !== token && token.family.tip.parent === token) {
      token.family.tip = this.issue(token.family, token.number + 1, token);
      return this.grant(token.family.tip);
    }
    return this.decide(project, text);
  }

  decide(project: string, text: string): FakeAnswer {
    const token = this.find(text);
    if (token === undefined) return refused;
    const { family } = token;
    if (family.project !== project && this.flaw !== 'other project honoured') return refused;
    if (this.flaw === 'spurious 401' && this.random() < 0.01) return refused;
    if (this.flaw === 'spurious 500' && this.random() < 0.01) return { status: 500, code: 'CRASH' };
    if (this.revoked(family)) return refused;
    if (family.reused === true && this.flaw !== 'resurrection after reuse') return refused;
    if (token === family.tip) return this.rotate(token);
    if (token === family.parent) return this.replay(token);
    return this.judgeOld(token);
  }

  revokeToken(project: string, text: string): void {
    const family = this.tokens.get(text)?.family;
    if (family !== undefined && family.project === project) family.revokedAt ??= this.now();
  }

  endSession(project: string, sessionId: string): boolean {
    const family = this.sessions.get(sessionId);
    if (family === undefined || family.project !== project || this.revoked(family)) return false;
    family.revokedAt = this.now();
    return true;
  }

  endUser(project: string, user: string): void {
    for (const family of this.sessions.values()) {
      if (family.project === project && family.user === user) family.revokedAt ??= this.now();
    }
  }

  /** Simulates the crash of a process. Changes nothing unless the flaw requires it. */
  crash(): void {
    for (const family of this.sessions.values()) {
      if (this.flaw === 'revocation forgotten at a crash') family.revokedAt = undefined;
      if (this.flaw === 'commit lost for ever' && family.parent !== undefined) {
        this.tokens.delete(family.tip.text);
        family.tip = family.parent;
        family.parent = family.tip.parent;
      }
    }
  }

  private find(text: string): FakeToken | undefined {
    const token = this.tokens.get(text);
    if (token !== undefined || this.flaw !== 'tampered token honoured') return token;
    return [...this.tokens.values()].find((known) => known.text.slice(0, 10) === text.slice(0, 10));
  }

  private revoked(family: FakeFamily): boolean {
    if (family.revokedAt === undefined) return false;
    return this.flaw !== 'success after revocation' || this.now() - family.revokedAt > 1000;
  }

  private rotate(token: FakeToken): FakeAnswer {
    if (this.flaw === 'newest refused as superseded' && this.random() < 0.01) {
      return { status: 409, code: 'REFRESH_TOKEN_SUPERSEDED' };
    }
    const { family } = token;
    if (this.flaw === 'falling number' && token.parent?.parent !== undefined && this.random() < 0.01) {
      return this.grant(token.parent);
    }
    family.parent = token;
    family.tip = this.issue(family, token.number + 1, token);
    family.rotatedAt = this.now();
    token.supersededAt = family.rotatedAt;
    return this.grant(family.tip);
  }

  private replay(parent: FakeToken): FakeAnswer {
    const { family } = parent;
    if (this.flaw === 'no grace') return this.reuse(family);
    const within = this.now() - family.rotatedAt <= this.grace(family);
    if (within && this.flaw !== 'fresh successor on replay') return this.grant(family.tip);
    if (!within && parent.displacements >= 3) return this.reuse(family);
    parent.displacements += 1;
    family.tip.supersededAt = this.now();
    family.tip = this.issue(family, family.tip.number + 1, parent);
    family.rotatedAt = this.now();
    return this.grant(family.tip);
  }

  private judgeOld(token: FakeToken): FakeAnswer {
    const { family } = token;
    if (this.flaw === 'parent allowed for ever' && token === family.parent?.parent && family.parent) {
      return this.grant(family.parent);
    }
    const superseded = this.now() - (token.supersededAt ?? 0);
    if (superseded <= this.grace(family) || this.flaw === 'reuse unseen') {
      return { status: 409, code: 'REFRESH_TOKEN_SUPERSEDED' };
    }
    return this.reuse(family);
  }

  private reuse(family: FakeFamily): FakeAnswer {
    family.reused = true;
    return { status: 401, code: 'REFRESH_TOKEN_REUSED' };
  }

  private grace(family: FakeFamily): number {
    return this.projects[family.project]?.grace ?? 0;
  }

  private issue(family: FakeFamily, number: number, parent?: FakeToken): FakeToken {
    const text = `${String(++this.counter).padStart(10, '0')}${family.sessionId}`
      .replace(/[^0-9A-Za-z]/g, 'x')
      .padEnd(32, 'z')
      .slice(0, 32);
    const token: FakeToken = { text, family, number, parent, displacements: 0 };
    this.tokens.set(text, token);
    return token;
  }

  private grant(token: FakeToken): FakeAnswer {
    const { family } = token;
    const shown = (flaw: Flaw) => this.flaw === flaw && this.random() < 0.01;
    const expires = shown('expiry moves') ? this.now() : family.began + 1_209_600_000;
    return {
      status: 200,
      grant: {
        refreshToken: token.text,
        tokenSeq: token.number,
        project: family.project,
        user: shown('another user') ? 'mallory' : family.user,
        sessionId: shown('another session') ? 'session-0' : family.sessionId,
        began: family.began,
        expires: new Date(expires).toISOString().slice(0, 19),
      },
    };
  }
}
