// Prints a new XverifyApi value: VerifyApi <hmac-sha256|des-ecb|des-cbc> <key> [iv]
using System;
using System.Security.Cryptography;
using System.Text;

public static class VerifyApi
{
    public static string Create(string cipher, string key, string iv = "")
    {
        string text = Guid.NewGuid() + "|" + DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        if (cipher == "hmac-sha256")
        {
            using (var hmac = new HMACSHA256(Encoding.UTF8.GetBytes(key)))
                return text + "." + Convert.ToBase64String(hmac.ComputeHash(bytes));
        }
        using (var des = DES.Create())
        {
            // The default of .NET is CBC with a random IV.
            des.Mode = cipher == "des-cbc" ? CipherMode.CBC : CipherMode.ECB;
            des.Padding = PaddingMode.PKCS7;
            des.Key = DesBytes(key);
            if (cipher == "des-cbc") des.IV = DesBytes(iv);
            using (var encryptor = des.CreateEncryptor())
                return Convert.ToBase64String(encryptor.TransformFinalBlock(bytes, 0, bytes.Length));
        }
    }

    // The key rule: UTF-8, filled with zero bytes or cut to 8 bytes.
    private static byte[] DesBytes(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        Array.Resize(ref bytes, 8);
        return bytes;
    }

    public static void Main(string[] args)
    {
        Console.WriteLine(Create(args[0], args[1], args.Length > 2 ? args[2] : ""));
    }
}
