/**
 * An example of a response plugin: copy it to the plugin folder, restart, and ask with `&_nodejs=upper-user`.
 * It gives the user's name in capitals and adds the project's id; everything else stays as it is.
 *
 * @param {{ tokenUser: { userName: string } }} data what the API documents as `data`: a frozen copy
 * @param {{ plugin: string, ownerId: string, method: string, route: string }} context frozen, too
 * @returns {object} the new `data`
 */
export default function upperUser(data, context) {
  return {
    ...data,
    tokenUser: { ...data.tokenUser, userName: data.tokenUser.userName.toUpperCase() },
    project: context.ownerId,
  };
}
