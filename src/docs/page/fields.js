/** Reads and writes the fields of Swagger UI's forms. */
export class Fields {
  /**
   * @param ui what `SwaggerUIBundle` returned
   * @param {import('./call.js').Call[]} calls
   */
  constructor(ui, calls) {
    this.ui = ui;
    this.calls = calls;
  }

  fillParameter(call, place, name, value) {
    const index = call.parameters.findIndex((parameter) => parameter.in === place && parameter.name === name);
    if (index < 0) return;
    const field = this.field(call, index);
    // Each change makes Swagger UI look at every call again.
    if (field.value !== value)
      this.ui.specActions.changeParamByIdentity([call.path, call.method], field.parameter, value, false);
  }

  /** @param {string} text JSON */
  fillBody({ path, method }, text) {
    const { oas3Selectors, oas3Actions } = this.ui;
    const type = oas3Selectors.requestContentType(path, method) ?? 'application/json';
    if (type !== 'application/json') return;
    if (oas3Selectors.requestBodyValue(path, method) === text) return;
    const pathMethod = [path, method];
    oas3Actions.setRequestBodyValue({ value: text, pathMethod });
    // Otherwise opening the call replaces the value with the document's example.
    oas3Actions.setRetainRequestBodyValueFlag({ value: true, pathMethod });
  }

  /** Runs `work`, which replaces the document, and keeps what the fields hold: Swagger UI would lose it with the old one. */
  async keepWhile(work) {
    const filled = this.filledParameters();
    await work();
    for (const { call, parameter, value } of filled)
      this.fillParameter(call, parameter.in, parameter.name, value);
  }

  filledParameters() {
    return this.calls.flatMap((call) =>
      call.parameters.flatMap((parameter, index) => {
        const { value } = this.field(call, index);
        return value === undefined ? [] : [{ call, parameter, value }];
      }),
    );
  }

  /** A parameter as Swagger UI holds it, and what its field holds. */
  field({ path, method }, index) {
    const { specSelectors } = this.ui;
    const parameter = specSelectors.specJson().getIn(['paths', path, method, 'parameters', index]);
    const value = specSelectors.parameterWithMetaByIdentity([path, method], parameter).get('value');
    return { parameter, value };
  }
}
