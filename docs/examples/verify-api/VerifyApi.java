// Prints a new XverifyApi value: java VerifyApi.java <hmac-sha256|des-ecb|des-cbc> <key> [iv]
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.Base64;
import java.util.UUID;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

public class VerifyApi {
    public static String verifyApi(String cipher, String key, String iv) throws GeneralSecurityException {
        String text = UUID.randomUUID() + "|" + System.currentTimeMillis();
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        if (cipher.equals("hmac-sha256")) {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
            return text + "." + Base64.getEncoder().encodeToString(mac.doFinal(bytes));
        }
        SecretKeySpec desKey = new SecretKeySpec(desBytes(key), "DES");
        Cipher des;
        if (cipher.equals("des-cbc")) {
            des = Cipher.getInstance("DES/CBC/PKCS5Padding");
            des.init(Cipher.ENCRYPT_MODE, desKey, new IvParameterSpec(desBytes(iv)));
        } else {
            // The mode must be named: for "DES" alone it depends on the provider.
            des = Cipher.getInstance("DES/ECB/PKCS5Padding");
            des.init(Cipher.ENCRYPT_MODE, desKey);
        }
        return Base64.getEncoder().encodeToString(des.doFinal(bytes));
    }

    /** The key rule: UTF-8, filled with zero bytes or cut to 8 bytes. */
    private static byte[] desBytes(String text) {
        return Arrays.copyOf(text.getBytes(StandardCharsets.UTF_8), 8);
    }

    public static void main(String[] args) throws GeneralSecurityException {
        System.out.println(verifyApi(args[0], args[1], args.length > 2 ? args[2] : ""));
    }
}
