interface Waiting<Question, Answer> {
  readonly question: Question;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

const MAX_BATCH = 256;

/**
 * Lets concurrent reads share one statement: what is asked while one is under way waits for the next, so that nobody
 * gets an answer from before his question.
 *
 * A prepared statement of SQLite answers one caller each turn of the event loop. Where sixty-four ask in one turn, the
 * last would wait for sixty-four.
 */
export class GroupRead<Question, Answer> {
  private waiting: Waiting<Question, Answer>[] = [];
  private isReading = false;

  /** @param ask answers in the questions' order */
  constructor(private readonly ask: (questions: readonly Question[]) => Promise<readonly Answer[]>) {}

  submit(question: Question): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ question, resolve, reject });
      if (!this.isReading) void this.read();
    });
  }

  private async read(): Promise<void> {
    this.isReading = true;
    while (this.waiting.length > 0) {
      const batch = this.waiting.splice(0, MAX_BATCH);
      try {
        const answers = await this.ask(batch.map(({ question }) => question));
        batch.forEach(({ resolve }, index) => resolve(answers[index] as Answer));
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.isReading = false;
  }
}
