/**
 * Example of a response plugin: copy it to the plugin folder, restart the service, and call it with `&_nodejs=upper-user`.
 * It returns the user's name in capitals and adds the project; everything else stays the same.
 *
 * @param {{ tokenUser: { userName: string } }} data the documented `data` of the API, as a frozen copy
 * @param {{ plugin: string, ownerId: string, method: string, route: string }} context also frozen
 * @returns {object} the new `data`
 */
export default function upperUser(data, context) {
  return {
    ...data,
    tokenUser: { ...data.tokenUser, userName: data.tokenUser.userName.toUpperCase() },
    project: context.ownerId,
  };
}
