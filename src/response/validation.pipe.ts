import { Injectable, StandardSchemaValidationPipe } from '@nestjs/common';
import { errors } from './error/error-catalogue.js';

/**
 * Parses what a parameter's schema describes.
 *
 * Only the name of the field and the schema's own sentence reach the caller, never what was sent.
 */
@Injectable()
export class ValidationPipe extends StandardSchemaValidationPipe {
  constructor() {
    super({
      exceptionFactory: (issues) => {
        const [issue] = issues;
        const path = (issue?.path ?? []).map((segment) =>
          String(typeof segment === 'object' ? segment.key : segment),
        );
        return errors.PARAMETER_INVALID({
          field: path.join('.').slice(0, 64) || 'body',
          text: path.length === 0 ? 'The body must be an object.' : `${path.join('.')} ${issue?.message}`,
        });
      },
    });
  }
}
