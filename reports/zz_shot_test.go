package reports
import ("testing";"os";"fmt";"github.com/chromedp/cdproto/emulation";"github.com/chromedp/cdproto/page";"github.com/chromedp/chromedp";"encoding/base64";"github.com/chromedp/cdproto/cdp";"context")
func TestZZ(t *testing.T){
 site := serve(t, map[string]*Report{"sample": sample(160, 4), "poison": poisoned()})
 ctx := browser(t)
 for _, c := range []struct{name,url,scheme string; w,h int64}{{"a","sample#v-fail","light",1200,1900},{"b","sample#resume.download.range","dark",1200,1300},{"e","sample#v-fail","light",360,2200},{"g","poison#results","dark",1200,2200}} {
  b := open(t, ctx, site+c.url, command(emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width:c.w,Height:c.h,DeviceScaleFactor:1,Mobile:c.w<500}),
   command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name:"prefers-color-scheme",Value:c.scheme}}}))
  _ = base64.StdEncoding; _=cdp.Empty{}; _=page.Enable; _=context.Background
  png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
  if err!=nil {t.Fatal(err)}
  os.WriteFile(fmt.Sprintf("/tmp/s_%s.png",c.name),png,0o644)
 }
}
