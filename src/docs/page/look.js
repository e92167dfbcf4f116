import { texts } from './language.js';

/**
 * A plugin of Swagger UI. The examples of errors are collapsed, as all of them together are several screens high, and the
 * field of XverifyApi says in its placeholder that it is computed.
 */
export const look = () => ({
  wrapComponents: {
    modelExample: collapsed,
    JsonSchemaForm: explained,
  },
});

function collapsed(Original, { React }) {
  return (props) => {
    const [wasOpened, setOpened] = React.useState(false);
    const path = props.specPath?.toJS() ?? [];
    const example = React.createElement(Original, props);
    if (!/^[45]/.test(path[path.indexOf('responses') + 1] ?? '') || !path.includes('responses'))
      return example;
    return React.createElement(
      'details',
      { className: 'error-example', onToggle: () => setOpened(true) },
      React.createElement('summary', null, texts().example),
      // Colouring the text of an example takes longer than the rest of a response.
      wasOpened && example,
    );
  };
}

function explained(Original, { React }) {
  return (props) => {
    const description = props.description?.startsWith('XverifyApi')
      ? texts().computedHere
      : props.description;
    return React.createElement(Original, { ...props, description });
  };
}
